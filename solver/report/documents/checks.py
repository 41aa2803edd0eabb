"""One comparison: a value of a report, or of a route, with the same number found another way."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot

from solver.brute_force.response import DRAWS, EXACT, PAIRS, PlainNumber
from solver.sensitivity.noise.route import SAMPLED_METHOD
from solver.sensitivity.question import Question
from solver.values import MissingValue, Value

STANDARD_ERRORS = 5
FLOAT_ROUNDING = 1e-12
"""Of a value that is compared as a float, against its size."""
_BY = {EXACT: "brute force", PAIRS: "sums over pairs", DRAWS: "drawn", "sampling": "sampled"}


@dataclass(frozen=True)
class Check:
    """One comparison: what was compared, what came out, and whether it agrees; ``compared`` where it could be made."""

    name: str
    outcome: str
    passed: bool
    compared: bool = True


@dataclass(frozen=True)
class Note:
    """What the checks that follow compare."""

    text: str


def agreement(name: str, value: Value, plain: PlainNumber) -> Check:
    """Compare a value with a number: exactly, within a bound, or within `STANDARD_ERRORS` standard errors.

    Errors that are drawn, on either side, count as standard errors; others as bounds.
    """
    missing = isinstance(value, MissingValue)
    if missing or plain.number is None:
        if isinstance(value, MissingValue) and value.why.endswith("within its error"):
            return Check(name, f"not compared: {value.why}", True, False)
        passed = missing and plain.number is None
        return Check(name, "does not exist" if passed else "exists on one side only", passed)
    if not plain.resolved:
        return Check(name, f"{value.value(10)}, not compared: too rare to be drawn", True, False)
    shown = value.value(10)
    if plain.how == EXACT and value.exact is not None:
        same = bool(value.exact == plain.number)
        return Check(name, f"{shown} {'= brute force, exactly' if same else f'against {plain.number}'}", same)
    size, gap = abs(float(plain.number)), abs(float(value) - float(plain.number))
    bound, deviation = FLOAT_ROUNDING * max(size, abs(float(value))), 0.0
    for error, drawn in ((float(value.error(15)), SAMPLED_METHOD in value.method), _error(plain)):
        bound, deviation = (bound, hypot(deviation, error)) if drawn else (bound + error, deviation)
    return _inexact(name, str(shown), plain, gap, bound, deviation)


def _inexact(name: str, shown: str, plain: PlainNumber, gap: float, bound: float, deviation: float) -> Check:
    passed, number = gap <= bound + STANDARD_ERRORS * deviation, float(plain.number)
    if deviation:
        apart = max(gap - bound, 0.0) / deviation
        return Check(name, f"{shown}, {_BY[plain.how]} {number:.4g}, {apart:.1f} errors", passed)
    if passed:
        return Check(name, f"{shown} = {_BY[plain.how]}, to {bound:.0e}", True)
    return Check(name, f"{shown} against {number:.10g}, {_BY[plain.how]}; the bound is {bound:.0e}", False)


def _error(plain: PlainNumber) -> tuple[float, bool]:
    return plain.error, plain.how not in (EXACT, PAIRS)


def place(question: Question, layer: int) -> str:
    """Return the name of a layer, f_p for the output."""
    return "f_p" if layer > question.depth else f"layer {layer}"
