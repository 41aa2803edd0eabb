"""The layers that a report is asked for, by the names that reports print."""

from __future__ import annotations

import re
from collections.abc import Sequence

from solver.errors import InputError
from solver.sensitivity.results import LayerValues

LAYERS = ("last", "output", "all")


def chosen_layers(text: str) -> tuple[str, ...]:
    """Return the layers to show, as given: numbers, ``last`` (layer k~), ``output`` (or f_p) or ``all``.

    Raises
    ------
    InputError
        For anything else, or a layer given twice.

    Examples
    --------
    >>> chosen_layers("1, last,f_p"), chosen_layers("0..2")
    (('1', 'last', 'output'), ('0', '1', '2'))
    """
    names: list[str] = []
    for part in (each.strip() for each in text.split(",")):
        for name in _numbers(part) or ["output" if part == "f_p" else part]:
            if name in names:
                raise InputError(f"layers: each once; got {name!r} twice")
            names.append(name)
    return tuple(names)


def _numbers(part: str) -> list[str]:
    """Return the numbers of a number or a range a..b; none for a word that is a layer's name."""
    if part in (*LAYERS, "f_p"):
        return []
    match = re.fullmatch(r"(0|[1-9][0-9]{0,3})(?:\.\.(0|[1-9][0-9]{0,3}))?", part)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
    if last < first:
        raise InputError(
            f"layers: expected numbers, ranges such as 1..3, {', '.join(LAYERS)}, joined by commas; got {part!r}"
        )
    return [str(number) for number in range(first, last + 1)]


def layers_of(names: Sequence[str], depth: int) -> list[int]:
    """Return the layers asked for that a network of some depth has, in order; the output is depth + 1."""
    wanted = {"last": [depth], "output": [depth + 1], "all": list(range(depth + 2))}
    wanted |= {str(k): [k] for k in range(depth + 1)}
    return sorted({k for name in names for k in wanted.get(name, [])})


def chosen(found: Sequence[LayerValues], names: Sequence[str]) -> list[LayerValues]:
    """Return the layers asked for of those that were found: all of a network, or the ones that the names stand for."""
    depth = max((each.layer - (each.name == "output") for each in found), default=0)
    wanted = layers_of(names, depth)
    return [each for each in found if each.layer in wanted]
