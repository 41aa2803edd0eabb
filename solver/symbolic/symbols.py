"""The symbols that formulas are written in."""

from __future__ import annotations

import sympy

ell, xi, k, d = sympy.symbols("l xi k d", integer=True, positive=True)
sigma = sympy.Symbol("sigma", positive=True)

VARIABLES = {"l": ell, "xi": xi, "k": k}
"""The variables a formula can be asked for in, by name."""
