"""The columns that a table can show: every quantity of a layer, as a decimal and as an exact number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from solver.errors import InputError
from solver.sensitivity.quantities import QUANTITIES, Quantity

DEFAULT_COLUMNS = ("D_exact,D,G,R,price", "D_exact,D,G,R", "D_exact,G,R", "D,G,R")
"""What a table shows unless told: the first of these that fits side by side, else the last."""

COLUMNS = {
    name: column
    for each in QUANTITIES
    for name, column in ((each.name, each), (f"{each.name}_exact", replace(each, exact=True)))
}
"""Every column by the name that `chosen_columns` takes: ``D`` for the decimal, ``D_exact`` for the exact number."""


def chosen_columns(names: str | Sequence[str]) -> tuple[Quantity, ...]:
    """Return columns by name.

    Parameters
    ----------
    names : text such as "D,G,R", or a sequence of names
        Of `COLUMNS`.

    Raises
    ------
    InputError
        For an unknown name or one given twice; lists the names there are.

    Examples
    --------
    >>> [(each.name, each.exact) for each in chosen_columns("D_exact,G")]
    [('D', True), ('G', False)]
    """
    given = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    for i, name in enumerate(given):
        if name not in COLUMNS:
            raise InputError(f"columns: expected names from {', '.join(COLUMNS)}, joined by commas; got {name!r}")
        if name in given[:i]:
            raise InputError(f"columns: each name once; got {name!r} twice")
    if not given:
        raise InputError(f"columns: expected at least one of {', '.join(COLUMNS)}; got none")
    return tuple(COLUMNS[name] for name in given)


def printed_columns(*shown: str) -> tuple[Quantity, ...]:
    """Return the columns that text and HTML have, by `Quantity.shown`; "exactly": the exact number comes first."""
    asked = [each for each in QUANTITIES if each.shown in shown]
    return tuple(
        column for each in asked for column in (*([replace(each, exact=True)] * (each.shown == "exactly")), each)
    )
