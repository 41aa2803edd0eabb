"""`solver verify` passes as things are, and notices each of many wrong formulas put into the code it checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from solver import Layer, Network, TwoPixelTask
from solver.brute_force.case import PlainCase
from solver.brute_force.response import DRAWS, PAIRS, PlainNumber
from solver.gaussian.moments import RectifiedMoments
from solver.question import ensemble, laws
from solver.question.deformation import Deformation
from solver.question.laws import LAWS, Law
from solver.question.noise import Noise
from solver.question.pairs import Task
from solver.report.documents import frequencies
from solver.report.documents.checks import Check, agreement
from solver.report.documents.verification import verification
from solver.sensitivity import quantities
from solver.sensitivity.deformation.moments import PairMoments
from solver.sensitivity.noise import closed
from solver.sensitivity.noise.route import SAMPLED_METHOD, Sampling
from solver.sensitivity.noise.sampled import single_units
from solver.sensitivity.noise.second_moment import SecondMoment
from solver.sensitivity.quantities import QUANTITIES
from solver.values import ExactValue, MissingValue, NumericValue, Value, quotient
from tests.command import called
from tests.dense import dense

Patch = pytest.MonkeyPatch
TINY = "--length 8 --scale 3 --construction uniform"
CASES = {
    "default": "--length 10 --scale 3 --construction uniform",
    "merge": f"{TINY} --collisions merge",
    "reject": f"{TINY} --collisions reject",
    "balanced": "--length 9 --scale 3 --construction uniform --distances balanced",
    "even": "--length 10 --scale 3 --construction uniform --distances balanced",
    "flat": f"{TINY} --distances flat",
    "gap": "--length 12 --scale 4 --construction strided --gap 1",
    "blocks": "--length 12 --scale 3 --construction strided --filter-size 3 --labels blocks --distances balanced",
    "exact energy": f"{TINY} --noise-energy exact --deformation mirror",
    "rectified": f"{TINY} --rectified-noise --deformation single",
    "typed law": f"{TINY} --deformation -1:1/2;2:1/2",
    "joint law": f"{TINY} --deformation -1,1:1/4;1,0:3/4",
    "twice rectified": "--length 10 --scale 5 --construction cyclotomic",
    "long ring": "--length 200 --scale 3 --construction shift",
}
Mutant = Callable[[Patch], None]


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    """Forget what was computed under other formulas."""
    kept = (ensemble.representatives, laws._law_moves, closed.control)
    for each in kept:
        each.cache_clear()
    yield
    for each in kept:
        each.cache_clear()


def shown(name: str, of: Callable[..., Value]) -> Mutant:
    """Another formula for a quantity, in the table from which every report is made."""
    table = tuple(replace(each, of=of) if each.name == name else each for each in QUANTITIES)
    return lambda patch: patch.setattr(quantities, "QUANTITIES", table)


def instead(owner: Any, name: str, made: Callable[[Any], Any]) -> Mutant:
    """Something made of an attribute in its place."""
    return lambda patch: patch.setattr(owner, name, made(getattr(owner, name)))


def two_where_they_meet(self: Deformation, *where: Any) -> dict[int, int]:
    """Merged pixels of value 2."""
    return dict(replace_collisions(self, "add", *where))


_deformed = Deformation.deformed


def replace_collisions(deformation: Deformation, rule: str, *where: Any) -> dict[int, int]:
    """The image that another rule gives."""
    return _deformed(Deformation(law=deformation.law, collisions=rule), *where)


def not_renormalised(outcomes: Any) -> Any:
    """Outcomes of `reject` with the probabilities they have before the others are dropped."""
    return lambda self, d, length: {move: self.moves_on(1)[move] for move in outcomes(self, d, length)}


def lazy(patch: Patch) -> None:
    """Moves of 1/4, 1/2, 1/4."""
    p = {-1: Fraction(1, 4), 0: Fraction(1, 2), 1: Fraction(1, 4)}
    law = Law("lazy", lambda axes: {((s,), (t,)): p[s] * p[t] for s in p for t in p})
    patch.setitem(LAWS, "independent", law)


def times(factor: Any, value: Value) -> Value:
    """A multiple of an exact value."""
    return value if value.exact is None else ExactValue(factor * value.exact, value.method)


def half_coherent(parts: Any) -> Any:
    """Noise responses whose coherent part is halved."""
    return lambda self, moments: replace(found := parts(self, moments), coherent=found.coherent / 2)


def too_large(estimate: Any) -> Any:
    """Sampled values that are a twentieth too large."""

    def made(*arguments: Any) -> Any:
        return estimate(*arguments).map(lambda v: NumericValue(v.estimate * 1.05, v.uncertainty, v.method))

    return made


MUTANTS: dict[str, tuple[str, Mutant]] = {
    "merged pixels of value 2": ("merge", instead(Deformation, "deformed", lambda _: two_where_they_meet)),
    "reject not renormalised": ("reject", instead(Deformation, "outcomes", not_renormalised)),
    "moves of 1/4, 1/2, 1/4": ("default", lazy),
    "sigma^2 = energy / (l - 1)": (
        "default", instead(Noise, "variance", lambda _: lambda self, length: self.energy / (length - 1))
    ),
    "G over half the denominator": (
        "default", shown("G", lambda t, _: quotient(t.noise.total, times(Fraction(1, 2), t.spread), zero=""))
    ),
    "G over the numerator of D": ("default", shown("G", lambda t, _: quotient(t.noise.total, t.change, zero=""))),
    "D over twice the denominator": (
        "default", shown("D", lambda t, _: quotient(t.change, times(2, t.spread), zero=""))
    ),
    "R = G/D": ("default", shown("R", lambda _, v: quotient(v["G"], v["D"], zero=""))),
    "doubled G_identity": (
        "default", shown("G_identity", lambda t, _: quotient(times(2, t.linear.total), t.linear_spread, zero=""))
    ),
    "G_identity over the denominator of G": (
        "default", shown("G_identity", lambda t, _: quotient(t.linear.total, t.spread, zero=""))
    ),
    "price upside down": ("default", shown("price", lambda _, v: quotient(v["G_identity"], v["G"], zero=""))),
    "coherent part in place of the other": (
        "default", shown("G_incoherent", lambda t, _: quotient(t.noise.coherent, t.spread, zero=""))
    ),
    "half the coherent part": ("default", instead(SecondMoment, "parts", half_coherent)),
    "doubled frequency of kernels": (
        "default", instead(frequencies, "mean_kernel_frequency", lambda of: lambda *given: 2 * of(*given))
    ),
    "frequency of filters off by one": (
        "default", instead(frequencies, "mean_filter_frequency", lambda of: lambda *given: of(*given) + 1)
    ),
    "twice as many pairs at l/2": ("default", instead(Task, "pair_count", lambda _: lambda self, step: self.sites)),
    "classes of 1/3 and 2/3": (
        "balanced",
        lambda patch: patch.setattr(
            Task, "_class_weights",
            property(lambda self: {y: Fraction(3 - y, 6 * self._class_total(y)) for y in (1, -1)}),
        ),
    ),
    "the tie with the near pairs": (
        "even", instead(Task, "label", lambda _: lambda self, step: 1 if self.square(step) <= self.scale**2 else -1)
    ),
    "flat like pairs": ("flat", instead(TwoPixelTask, "_pairs_as_far", lambda _: lambda self, step: self.sites // 2)),
    "the gap kept": ("gap", instead(Task, "keeps", lambda _: lambda self, step: True)),
    "noise that moves the mean twice as far": (
        "default", instead(RectifiedMoments, "shift", lambda of: lambda self, *given: 2 * of(self, *given))
    ),
    "a denominator without its 2": (
        "rectified",
        instead(PairMoments, "exact_values", lambda of: lambda m, way: of(replace(m, spread=m.spread / 2), way)),
    ),
    "an energy twice as large": (
        "exact energy",
        lambda patch: patch.setattr("solver.question.noise.deformation_energy", lambda *_: Fraction(1)),
    ),
    "half the linear noise": ("typed law", instead(closed, "linear_noise", lambda of: lambda *a, **k: of(*a, **k) / 2)),
    "samples off by a twentieth": ("twice rectified", instead(single_units, "split_estimate", too_large)),
    "an ensemble of the long ring": ("long ring", shown("D", lambda t, _: quotient(t.spread, t.change, zero=""))),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_everything_agrees(case: str, capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = called(capfd, "verify", *CASES[case].split())
    lines = out.splitlines()
    assert (code, err) == (0, "") and lines[-1].startswith("all ") and "checks agree" in lines[-1]
    assert max(map(len, lines)) <= 80 and not any(line.startswith("  FAIL") for line in lines)
    rows = [line for line in lines if line.startswith("  ok   ")]
    for each in QUANTITIES:
        assert any(f" {each.name} of layer 1:" in row for row in rows)


@pytest.mark.parametrize("name", MUTANTS)
def test_wrong_formulas_are_noticed(name: str, capfd: pytest.CaptureFixture[str], monkeypatch: Patch) -> None:
    case, mutant = MUTANTS[name]
    mutant(monkeypatch)
    code, out, _ = called(capfd, "verify", *CASES[case].split())
    assert code == 1 and "  FAIL " in out and out.splitlines()[-1].endswith("checks failed")


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_weights_of_many_bits_are_not_bit_for_bit_in_torch(kind: Any) -> None:
    pytest.importorskip("torch")
    case, sampling = PlainCase(shape=(8,), scale=3), Sampling(points=64, replicates=8)
    checks = [each for each in verification(dense(2, 3, 3, kind=kind), case, sampling) if isinstance(each, Check)]
    assert all(each.passed for each in checks)
    words = [each.name for each in checks if "torch" in each.name]
    assert "bit for bit" in words[0] and "to 1e-9" in words[3]


METHOD = f"{SAMPLED_METHOD}, 2 x 2 points, seed 0; error is one standard error"
AGREEMENTS: list[tuple[Value, PlainNumber, bool, bool]] = [
    (ExactValue(Fraction(1, 3), ""), PlainNumber(Fraction(1, 3)), True, True),
    (ExactValue(Fraction(1, 3), ""), PlainNumber(Fraction(1, 3) + Fraction(1, 10**30)), False, True),
    (MissingValue("flat"), PlainNumber(None), True, True),
    (MissingValue("flat"), PlainNumber(Fraction(1)), False, True),
    (ExactValue(Fraction(1), ""), PlainNumber(None), False, True),
    (MissingValue("G is 0 within its error"), PlainNumber(1.0, 0.1, DRAWS), True, False),
    (NumericValue(1.0, 1e-3, "a bound"), PlainNumber(1.0011, 1e-4, PAIRS), True, True),
    (NumericValue(1.0, 1e-3, "a bound"), PlainNumber(1.0012, 1e-4, PAIRS), False, True),
    (NumericValue(1.0, 1e-3, "a bound"), PlainNumber(1.0059, 1e-3, DRAWS), True, True),
    (NumericValue(1.0, 1e-3, "a bound"), PlainNumber(1.0061, 1e-3, DRAWS), False, True),
    (NumericValue(1.0, 3e-3, METHOD), PlainNumber(1.0249, 4e-3, DRAWS), True, True),
    (NumericValue(1.0, 3e-3, METHOD), PlainNumber(1.0251, 4e-3, DRAWS), False, True),
    (NumericValue(1.0, 1e-3, "a bound"), PlainNumber(2.0, 1e-3, DRAWS, False), True, False),
]


@pytest.mark.parametrize(("value", "plain", "passed", "compared"), AGREEMENTS)
def test_values_agree_within_their_errors(value: Value, plain: PlainNumber, passed: bool, compared: bool) -> None:
    check = agreement("x", value, plain)
    assert (check.passed, check.compared) == (passed, compared)


def test_what_stands_in_for_a_long_ring_is_said(capfd: pytest.CaptureFixture[str]) -> None:
    _, out, _ = called(capfd, "verify", *CASES["long ring"].split())
    assert "  on l = 24, against brute force" in out and "  on l = 200, one route against another:" in out


def test_what_is_too_rare_is_not_compared() -> None:
    network = Network(layers=[Layer(filters=[[[10]]], bias=[-5]), Layer(filters=[[[1]]], bias=[-6])])
    case, sampling = PlainCase(shape=(8,), scale=3, energy="1/200"), Sampling(points=64, replicates=8)
    checks = [each for each in verification(network, case, sampling) if isinstance(each, Check)]
    left = [each for each in checks if not each.compared]
    assert all(each.passed for each in checks) and any("too rare" in each.outcome for each in left)
    assert {"noise of layer 2 by series", "noise of f_p by series"} <= {each.name for each in left}
    assert len(left) < len(checks) / 2
