"""Every number the tests hold solver to, with where it comes from; audited by test_cases.py.

A value is text: a fraction where it is exact, a decimal correct to its last digit where it is not.
`kind` says which test uses it: each kind is asked for, whole, with `of_kind`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import pytest


@dataclass(frozen=True)
class Case:
    """One known number: ``arguments`` say of what, in the terms of the test that uses its kind."""

    name: str
    kind: str
    arguments: tuple[object, ...]
    value: str
    source: str

    @property
    def number(self) -> Fraction:
        """The value as a fraction (of the decimal, if it is one)."""
        return Fraction(self.value)

    @property
    def last_digit(self) -> Fraction:
        """One unit of the last digit written; 0 for an exact fraction."""
        if "." not in self.value:
            return Fraction(0)
        return Fraction(1, 10 ** len(self.value.partition(".")[2]))


_THEORY = "theory, section 5, check values (l = 32, xi = 7, s = 3); independent exact enumeration"
_SAMPLED = "theory, section 5, check values; plain Monte Carlo, good to 3-4 digits"
_GAUSS = "theory, section 6; nested quadrature at 30 digits"
_HAND = "worked out by hand in tests/cases.py"


def _layers(kind: str, network: str, values: dict[int, str], source: str) -> list[Case]:
    return [Case(f"{kind} {network} layer {k}", kind, (network, k), value, source) for k, value in values.items()]


CASES = (
    *_layers(
        "D", "uniform", dict(enumerate(["976/1395", "2944/11745", "592/4743", "435488/3947085", "124/1939"])), _THEORY
    ),
    *_layers("D", "shift", dict(enumerate(["976/1395", "976/1395", "976/1395", "18352/89775", "124/1939"])), _THEORY),
    *_layers("G", "uniform", {0: "32/45", 1: "0.443744330281001"}, _THEORY),
    *_layers(
        "G", "uniform", {2: "0.477173299432558"}, "derivations/noise_first_layers.py, its classes of pairs of sites"
    ),
    *_layers("G", "shift", {0: "32/45", 1: "0.377755575679029", 2: "0.377755575679029"}, _THEORY),
    *_layers("G sampled", "uniform", {3: "0.5256", 4: "232.1"}, _SAMPLED),
    *_layers("G sampled", "shift", {3: "3.962", 4: "17.78"}, _SAMPLED),
    Case("energy of the default ensemble", "energy", ("independent", "add"), "244/93", "theory, section 4"),
    # Pixels at 0 and 1 (d = 1), then 0 and 2 (d = 2); each pixel moves by -1, 0, +1.  Of the nine outcomes
    # at d = 1, (-1,1) costs 4, (0,0) and the swap (1,-1) cost 0, the others 2 (1 where pixels merge); at
    # d = 2 the corners cost 4, but 6 where both pixels meet in the middle (3 if they merge).
    Case("energy at d = 1, add", "pair energy", (1, "add"), "16/9", _HAND),
    Case("energy at d = 1, merge", "pair energy", (1, "merge"), "14/9", _HAND),
    Case("energy at d = 1, reject", "pair energy", (1, "reject"), "2", _HAND),
    Case("energy at d = 2, add", "pair energy", (2, "add"), "26/9", _HAND),
    Case("energy at d = 2, merge", "pair energy", (2, "merge"), "23/9", _HAND),
    Case("energy at d = 2, reject", "pair energy", (2, "reject"), "5/2", _HAND),
    Case("energy far apart, independent", "far energy", ("independent",), "8/3", "theory, section 4"),
    Case("energy far apart, mirror", "far energy", ("mirror",), "8/3", "theory, section 4"),
    Case("energy far apart, rigid", "far energy", ("rigid",), "8/3", "theory, section 4"),
    Case("energy far apart, single", "far energy", ("single",), "4/3", "theory, section 4"),
    Case(
        "E[X+ Y+], means 1 and 0, variances 1/4, correlation 2/3",
        "rectified product",
        ("1", "0", "1/4", "1/4", "1/6"),
        "0.282811072200674316362958054185",
        _GAUSS,
    ),
    Case("E[(ReLU(1+z) - 1)^2], sd 1/2", "rectified shift", ("1", "1/4"), "0.240067115704540379424929877670", _GAUSS),
)


def of_kind(kind: str) -> pytest.MarkDecorator:
    """Return the parametrisation of a test over every case of one kind, as ``case``."""
    chosen = [case for case in CASES if case.kind == kind]
    assert chosen, f"no case of kind {kind!r}"
    return pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in chosen])
