"""``solver plot``: one subcommand a figure."""

from solver.commands.plot import families, networks, results, training
from solver.commands.plot.group import plot

__all__ = ["families", "networks", "plot", "results", "training"]
