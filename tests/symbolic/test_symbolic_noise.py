"""Formulas of G and R equal what networks give, for any l, xi, k and energy, and are refused where there is none."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from solver import Deformation, Formula, GaussianNoise, InputError, SolverError, TwoPixelTask, construct
from solver import sensitivity_formula as uncached_formula
from solver.errors import NotApplicableError
from solver.gaussian.balls import enclose
from solver.gaussian.functions import as_sympy
from solver.question.pairs import ENSEMBLES
from solver.sensitivity.deformation.distances import distance_moments
from solver.sensitivity.deformation.moments import image_moments
from solver.sensitivity.noise.closed import closed_response
from solver.sensitivity.question import Question
from solver.symbolic import hidden_noise
from solver.symbolic.measured import MeasuredLayer
from solver.symbolic.symbols import ell, k, sigma, xi
from tests.cases import Case, of_kind
from tests.plain import linear_matrix, noise_response

sensitivity_formula = cache(uncached_formula)

PLAIN, RECTIFIED = GaussianNoise(), GaussianNoise(rectified=True)
ENERGIES = ["8/3", "5/2", "1/7", "40"]


def expressions(formula: Formula, point: dict[str, int], energy: Any, channels: int) -> tuple[Any, Any]:
    """The formula at a point and another energy, and G of the network there, of any number of equal channels."""
    place, setting = {**formula.fixed, **point}, formula.setting
    layer = int(place.get("k", formula.layer)) if formula.layer.isdecimal() or "k" in place else formula.layer
    scale = place.get("xi", 2 * int(place.get("k", 0)) + (2 if setting.construction == "shift" else 3))
    task = TwoPixelTask(length=point["l"], scale=scale, distances=setting.distances, gap=setting.gap)
    network = construct(setting.construction, task, filter_size=setting.filter_size, channels=channels)
    index = {"last": network.depth, "output": network.depth + 1}.get(str(layer), layer)
    rectified = formula.noise is not None and formula.noise.rectified
    noise = GaussianNoise(energy=energy, rectified=rectified)
    closed = closed_response(Question(network, task, noise=noise), int(index))
    assert closed is not None
    response = closed.total
    spread = distance_moments(network, task, Deformation(law="rigid"))[int(index)].spread
    at = {"l": ell, "xi": xi, "k": k}
    found = formula.expression.subs({at[name]: value for name, value in point.items()})
    found = found.subs(sigma, sympy.sqrt(as_sympy(noise.variance(point["l"]))))
    number = response.exact if response.exact is not None else response.expression  # type: ignore[attr-defined]
    return found, as_sympy(number) / as_sympy(spread)


def assert_equal(found: Any, expected: Any) -> None:
    """Equal as exact numbers, or to 30 digits in balls."""
    if found.is_Rational or expected.is_Rational:
        assert found == expected
    else:
        assert (enclose(found, 32) - enclose(expected, 32)).contains(0)


def assert_holds_and_ends(formula: Formula, points: list[dict[str, int]], energy: Any, channels: int = 1) -> None:
    """At every point: what the network gives in the range, a refusal outside."""
    for point in points:
        if formula.holds_at(point):
            assert_equal(*expressions(formula, point, energy, channels))
        else:
            with pytest.raises(InputError, match="outside the range"):
                formula.value(**point)


def least_length(formula: Formula, place: dict[str, int]) -> int:
    """The end of the range, from its conditions alone."""
    return next(n for n in range(4, 60) if formula.holds_at({**place, "l": n}))


options = st.fixed_dictionaries(
    {
        "distances": st.sampled_from(sorted(ENSEMBLES)),
        "gap": st.sampled_from([0, 0, 1]),
        "noise": st.sampled_from([PLAIN, PLAIN, RECTIFIED]),
    }
)


@settings(max_examples=8, deadline=None)
@given(st.sampled_from(["shift", "uniform", "shift-mixed"]), st.data(), options)
def test_in_l(construction: str, data: st.DataObject, options: dict[str, Any]) -> None:
    scale = data.draw(st.sampled_from([2, 3, 4, 5] if construction == "shift" else [3, 5]))
    options["gap"] = min(options["gap"], scale - 2)
    depth = construct(construction, TwoPixelTask(length=30, scale=scale)).depth
    once = ["last", "output"] if depth == 1 and options["noise"] is PLAIN else []
    layer = data.draw(st.sampled_from([*map(str, range(depth)), *once]))
    formula = sensitivity_formula(construction, layer, "l", quantity="G", scale=scale, **options)
    least = least_length(formula, {})
    longer = data.draw(st.integers(least, max(least, 12)))
    energy, channels = data.draw(st.sampled_from(ENERGIES)), data.draw(st.sampled_from([1, 2]))
    assert_holds_and_ends(formula, [{"l": n} for n in (least - 1, least, longer)], energy, channels)


@settings(max_examples=5, deadline=None)
@given(st.sampled_from(["shift", "uniform", "shift-mixed"]), st.sampled_from([0, 1]), st.data(), options)
def test_in_l_and_xi(construction: str, layer: int, data: st.DataObject, options: dict[str, Any]) -> None:
    formula = sensitivity_formula(construction, layer, "l,xi", quantity="G", **options)
    least = next(s for s in range(2, 40) if formula.holds_at({"l": 1000, "xi": s}))
    scale = data.draw(st.sampled_from([s for s in (least, least + 1, 5) if formula.holds_at({"l": 1000, "xi": s})]))
    shortest = least_length(formula, {"xi": scale})
    points = [{"l": n, "xi": scale} for n in (shortest - 1, shortest, shortest + 1)]
    points.append({"l": 2 * least + 4, "xi": least - 1})
    assert_holds_and_ends(formula, points, data.draw(st.sampled_from(ENERGIES)), data.draw(st.sampled_from([1, 2])))


@pytest.mark.parametrize(
    ("construction", "distances", "rectified"),
    [
        ("uniform", "pairs", False),
        ("uniform", "pairs", True),
        ("shift", "pairs", False),
        ("shift-mixed", "flat", False),
        ("shift-mixed", "balanced", True),
    ],
)
def test_in_l_and_k(construction: str, distances: str, rectified: bool) -> None:
    """From k = 3 on the sum over the lags reaches windows that share no pixel."""
    names = "l,xi,k" if distances == "balanced" else "l,k"
    noise = RECTIFIED if rectified else PLAIN
    formula = sensitivity_formula(construction, None, names, quantity="G", distances=distances, noise=noise)
    scales = {"xi": 13} if distances == "balanced" else {}
    points = [{"l": n, "k": at, **scales} for n, at in ((9, 1), (10, 1), (14, 2), (13, 2), (17, 0), (26, 5))]
    assert sum(map(formula.holds_at, points)) >= 1 + (distances != "balanced")
    assert_holds_and_ends(formula, points, "5/2")


@pytest.mark.slow
@pytest.mark.parametrize("distances", sorted(ENSEMBLES))
@pytest.mark.parametrize("filter_size", [3, 5])
def test_uniform_in_all_variables(distances: str, filter_size: int) -> None:
    formula = sensitivity_formula(
        "uniform", None, "l,xi,k", quantity="G", distances=distances, gap=1, filter_size=filter_size
    )
    step = filter_size - 1
    scales = [s for s in range(step + 1, 9 * step) if (s - 1) % step == 0]
    points = [{"l": 2 * s + 2 + more, "xi": s, "k": at} for s in scales for at in (1, 2, 4, 5) for more in (-1, 0, 5)]
    chosen = [p for p in points if p["l"] < 40]
    assert sum(map(formula.holds_at, chosen)) >= 5
    assert_holds_and_ends(formula, chosen, "3/2")


@pytest.mark.parametrize(("construction", "layer", "length", "scale"), [("uniform", 1, 10, 5), ("uniform", 2, 14, 7)])
def test_formulas_equal_the_double_loop(construction: str, layer: int, length: int, scale: int) -> None:
    task, noise = TwoPixelTask(length=length, scale=scale), GaussianNoise(energy="5/2")
    network = construct(construction, task)
    rows = linear_matrix(network.layers[1:layer], network.layers[0].channels, length)
    spread = image_moments(network, task, Deformation())[layer].spread
    expected = noise_response(network, task, noise, 1, rows) / spread
    point = {"l": length}
    for formula, place in (
        (sensitivity_formula(construction, layer, "l", quantity="G", scale=scale, noise=noise), point),
        (sensitivity_formula(construction, None, "l,k", quantity="G", noise=noise), {**point, "k": layer}),
    ):
        value = formula.value(**place)
        assert abs(Fraction(value.value(25)) - expected) < Fraction(1, 10**19)


@pytest.mark.parametrize(("construction", "layer"), [("uniform", 1), ("uniform", 2), ("shift-mixed", 2)])
def test_identified_and_derived_formulas_are_one(construction: str, layer: int) -> None:
    """Two routes to the same function of sigma: exact pair counts on a few rings, and sums over autocorrelations."""
    identified = sensitivity_formula(construction, layer, "l", quantity="G")
    derived = sensitivity_formula(construction, None, "l,k", quantity="G")
    for length in (20, 101):
        one, other = identified.expression.subs(ell, length), derived.expression.subs({ell: length, k: layer})
        assert sympy.expand(one - other) == 0 and one.free_symbols == {sigma}


@of_kind("G")
def test_known_values(case: Case) -> None:
    construction, layer = case.arguments
    assert isinstance(construction, str) and isinstance(layer, int)
    values = [sensitivity_formula(construction, layer, "l", quantity="G").value(l=32, xi=7)]
    values.append(sensitivity_formula(construction, layer, "l,xi", quantity="G").value(l=32, xi=7))
    if layer:
        values.append(sensitivity_formula(construction, None, "l,k", quantity="G").value(l=32, k=layer))
    for value in values:
        difference = Fraction(value.value(30)) - case.number if value.exact is None else value.exact - case.number
        assert abs(difference) <= case.last_digit / 2


@pytest.mark.parametrize("distances", ["pairs", "balanced"])
def test_hidden_layers_of_shift_know_neither_k_nor_xi(distances: str) -> None:
    """G = l (2 E[((1 + sigma z)+ - 1)^2] + (l-2) sigma^2/2) / (4 (l-2)), for every layer, scale and ensemble."""
    names = "l,xi,k" if distances == "balanced" else "l,k"
    found = {
        sensitivity_formula("shift", None, names, quantity="G", distances=distances).expression,
        sensitivity_formula("shift", 1, "l,xi", quantity="G", distances=distances).expression,
        sensitivity_formula("shift", 1, "l", quantity="G", distances=distances, scale=4).expression,
    }
    assert len(found) == 1 and found.pop().free_symbols == {ell, sigma}


RATIOS: list[tuple[tuple[Any, ...], dict[str, Any], dict[str, int]]] = [
    (("shift", 1, "l,xi"), {}, {"l": 32, "xi": 7}),
    (("uniform", 1, "l"), {}, {"l": 32}),
    (("uniform", 1, "l,xi"), {"distances": "flat"}, {"l": 11, "xi": 5}),
    (("shift-mixed", None, "l,k"), {}, {"l": 23, "k": 2}),
    (("shift", "output", "l"), {"scale": 3, "deformation": Deformation(collisions="merge")}, {"l": 20}),
]


@pytest.mark.parametrize(("arguments", "options", "point"), RATIOS)
def test_ratio_is_the_quotient(arguments: Any, options: dict[str, Any], point: dict[str, int]) -> None:
    D, G, R = (sensitivity_formula(*arguments, quantity=q, **options) for q in "DGR")
    found, expected = R.value(**point), Fraction(D.at(**point)) / Fraction(G.value(**point).value(30))
    assert abs(Fraction(found.value(28)) / expected - 1) < Fraction(1, 10**25)
    assert all(map(R.holds_at, (point, *R.proof.held_out, *R.proof.fitted, *R.proof.certified)))


def test_ratio_of_the_image_is_exact() -> None:
    R = sensitivity_formula("shift", 0, "l,xi", quantity="R")
    assert R.at(l=32, xi=7) == Fraction(976, 1395) / Fraction(32, 45)
    assert uncached_formula("shift", 0, "l", quantity="R", deformation=Deformation(law="0:1")).at(l=20) == 0
    with pytest.raises(NotApplicableError, match="irrational"):
        sensitivity_formula("shift", 1, "l,xi", quantity="R").at(l=32, xi=7)


@pytest.mark.parametrize(
    ("arguments", "quantity"),
    [
        (("shift", 1, "l,xi"), "G"),
        (("uniform", 1, "l"), "R"),
        pytest.param(("uniform", None, "l,k"), "R", marks=pytest.mark.slow),
    ],
)
def test_proof_is_rerun_and_can_fail(arguments: Any, quantity: str) -> None:
    formula = sensitivity_formula(*arguments, quantity=quantity)
    points = {tuple(p.items()) for p in (*formula.proof.fitted, *formula.proof.held_out, *formula.proof.certified)}
    assert formula.check() >= len(points) >= 6
    for wrong in (formula.expression + sigma**60, formula.expression * (1 + sympy.Rational(1, 10**25))):
        with pytest.raises(SolverError, match="the formula gives"):
            replace(formula, expression=wrong).check()


def test_wrong_pair_counts_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the last lag, which layers below the third do not have; and in what extends a range down."""
    right = hidden_noise.window_pairs(3, False)
    kind, numbers = next(iter(right[-1].items()))
    wrong = (*right[:-1], {**right[-1], kind: (numbers[0] + 1, *numbers[1:])})
    monkeypatch.setattr(hidden_noise, "window_pairs", lambda width, rectified: wrong)
    with pytest.raises(SolverError, match="l = 18, k = 3"):
        uncached_formula("uniform", None, "l,k", quantity="G")
    setting = sensitivity_formula("uniform", 1, "l", quantity="D").setting
    layer = MeasuredLayer(setting, 1, 20, 7)
    counts = {kind: as_sympy(n) for kind, n in layer.unit_counts(PLAIN).items()}
    spread = as_sympy(image_moments(layer.network, layer.task, Deformation())[1].spread)
    assert layer.has_counts(counts, spread, PLAIN)
    assert not layer.has_counts(counts, spread + 1, PLAIN)
    assert not layer.has_counts({**counts, next(iter(counts)): spread}, spread, PLAIN)


EXACT = GaussianNoise(energy="exact")


@pytest.mark.parametrize(
    ("arguments", "quantity", "noise", "options", "point"),
    [
        (("uniform", 1, "l"), "R", GaussianNoise(energy="5/2"), {}, {"l": 32}),
        (("uniform", 1, "l"), "G", EXACT, {}, {"l": 15}),
        (("shift", 1, "l,xi"), "R", EXACT, {"distances": "balanced", "gap": 1}, {"l": 32, "xi": 7}),
        (("shift", None, "l,k"), "G", EXACT, {"deformation": Deformation(collisions="reject")}, {"l": 15, "k": 2}),
        (
            ("shift", 1, "l"),
            "G",
            EXACT,
            {"scale": 4, "deformation": Deformation(law="single", collisions="merge")},
            {"l": 9},
        ),
    ],
)
def test_sigma_can_be_eliminated(arguments: Any, quantity: str, noise: Any, options: Any, point: Any) -> None:
    with_sigma = sensitivity_formula(*arguments, quantity=quantity, noise=noise, **options)
    without = uncached_formula(*arguments, quantity=quantity, noise=noise, eliminate_sigma=True, **options)
    assert sigma in with_sigma.expression.free_symbols and sigma not in without.expression.free_symbols
    assert_equal(*(as_sympy(f.value(**point).expression) for f in (with_sigma, without)))
    assert without.check((point,)) == 1


def test_exact_energy_near_the_gap() -> None:
    noise = GaussianNoise(energy="exact")
    formula = uncached_formula(
        "shift", 0, "l,xi", quantity="G", distances="balanced", noise=noise, eliminate_sigma=True
    )
    assert "xi >= 3" in formula.range_text and not formula.holds_at({"l": 20, "xi": 2})
    assert formula.check() == 3  # at the points of the proof that the range keeps
    for options, error, message in (
        ({"distances": "balanced", "scale": 2}, NotApplicableError, "give a rational"),
        ({"deformation": Deformation(law="0:1")}, InputError, "moves nothing"),
    ):
        with pytest.raises(error, match=message):
            uncached_formula("shift", 0, "l", quantity="G", noise=noise, eliminate_sigma=True, **options)


def test_deformation_does_not_matter_for_noise() -> None:
    """A law so wide that D has a shorter range leaves G alone."""
    wide = Deformation(law="-2:1/4 0:1/2 1:1/4", collisions="reject")
    one, other = (uncached_formula("uniform", 1, "l", quantity="G", deformation=d) for d in (Deformation(), wide))
    assert one.expression == other.expression and one.range_text == other.range_text


REFUSED: dict[str, tuple[tuple[Any, ...], dict[str, Any], type[Exception], str]] = {
    "last layer of shift": (
        ("shift", "last", "l"),
        {},
        NotApplicableError,
        "layers 0, 1, 2 have.*exact form as integr",
    ),
    "output of shift": (("shift", "output", "l"), {}, NotApplicableError, "G of the output.*integrals"),
    "last layer of uniform": (
        ("uniform", 3, "l"),
        {},
        NotApplicableError,
        "report --construction uniform --format json' gives its value",
    ),
    "weights differ": (("shift-mixed", "last", "l"), {}, NotApplicableError, "gives its value"),
    "rectified noise": (("shift", "last", "l"), {"noise": RECTIFIED}, NotApplicableError, "exact form as integrals"),
    "last in xi": (("shift", "last", "l,xi"), {}, NotApplicableError, "no formula in xi"),
    "output in xi": (("uniform", "output", "l,xi"), {}, NotApplicableError, "no formula in xi"),
    "no hidden layer": (("uniform", None, "l,k"), {"distances": "balanced", "scale": 3}, InputError, "no hidden layer"),
    "not hidden": (("uniform", 3, "l,k"), {}, InputError, "leave out one"),
    "too deep": (("uniform", 9, "l"), {}, InputError, "expected 0 to 3"),
    "flag": (("uniform", 1, "l"), {"eliminate_sigma": 1}, InputError, "expected True or False"),
}


@pytest.mark.parametrize("quantity", ["G", "R"])
@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name: str, quantity: str) -> None:
    arguments, options, error, message = REFUSED[name]
    with pytest.raises(error, match=message):
        uncached_formula(*arguments, quantity=quantity, **options)


@pytest.mark.parametrize("owen", [False, True])
@pytest.mark.parametrize(("arguments", "quantity"), [(("uniform", None, "l,k"), "G"), (("uniform", 2, "l"), "R")])
def test_latex_is_balanced(arguments: Any, quantity: str, owen: bool) -> None:
    formula = sensitivity_formula(*arguments, quantity=quantity)
    formula = formula.in_owens_t() if owen else formula
    text = formula.latex()
    assert text.count("{") == text.count("}") and text.count(r"\left") == text.count(r"\right")
    assert text.startswith(quantity + "_{") and (r"\Phi_2" in text) != owen and r"\sigma" in text


def test_owens_t_keeps_the_value() -> None:
    formula = sensitivity_formula("uniform", 2, "l", quantity="G")
    assert_equal(*(f.value(l=32).expression for f in (formula, formula.in_owens_t())))  # type: ignore[attr-defined]


def test_pair_windows_are_counted_on_every_ring() -> None:
    """The numbers of ordered pairs of sites at lags r and -r add up to the sites: l at lag 0, 2 l beyond."""
    for width in (1, 3):
        for lag, counts in enumerate(hidden_noise.window_pairs(width, False)):
            totals = np.sum([n for kind, n in counts.items() if len(kind) == 2], axis=0)
            assert list(totals) == [0, 0, 1 if lag == 0 else 2]
