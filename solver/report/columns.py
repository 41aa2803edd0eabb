"""The columns that a table can show: every value of a layer, as a decimal and as an exact number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from solver.errors import InputError
from solver.sensitivity.quantities import NAMES, QUANTITIES
from solver.sensitivity.results import LayerValues
from solver.values import Value

DEFAULTS = ("D_exact,D,G,R,price", "D_exact,D,G,R", "D_exact,G,R", "D,G,R")
"""What a table shows unless told: the first of these that fits side by side, else the last."""

_EXACT = "_exact"


@dataclass(frozen=True)
class Column:
    """One column: a quantity of `LayerValues`, as a decimal or, where it is exact, as that number."""

    quantity: str
    exact: bool = False

    def value(self, layer: LayerValues) -> Value | None:
        """Return the quantity of a layer."""
        found: Value | None = getattr(layer, self.quantity)
        return found

    @property
    def head(self) -> str:
        """The quantity's symbol as LaTeX, without dollar signs."""
        return next(each.latex for each in QUANTITIES if each.name == self.quantity)


def column_names() -> tuple[str, ...]:
    """Return every name that `chosen_columns` takes."""
    return tuple(name for quantity in NAMES for name in (quantity, quantity + _EXACT))


def chosen_columns(names: str | Sequence[str]) -> tuple[Column, ...]:
    """Return columns by name.

    Parameters
    ----------
    names : text such as "D,G,R", or a sequence of names
        A quantity for its decimal, ``D_exact`` for the exact number (blank where there is none).

    Raises
    ------
    InputError
        For an unknown name or one given twice; lists the names there are.

    Examples
    --------
    >>> chosen_columns("D_exact,G")
    (Column(quantity='D', exact=True), Column(quantity='G', exact=False))
    """
    given = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    known = column_names()
    for i, name in enumerate(given):
        if name not in known:
            raise InputError(f"columns: expected names from {', '.join(known)}, joined by commas; got {name!r}")
        if name in given[:i]:
            raise InputError(f"columns: each name once; got {name!r} twice")
    if not given:
        raise InputError(f"columns: expected at least one of {', '.join(known)}; got none")
    return tuple(Column(name.removesuffix(_EXACT), name.endswith(_EXACT)) for name in given)
