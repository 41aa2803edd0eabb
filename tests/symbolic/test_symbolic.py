"""Formulas of D equal the enumeration of every image, down to the end of their range, and are refused beyond."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from solver import Deformation, Formula, InputError, SolverError, TwoPixelTask, construct, sensitivity_formula
from solver.constructions.registry import CONSTRUCTIONS
from solver.errors import NotApplicableError
from solver.gaussian.balls import enclose
from solver.question.deformation import COLLISIONS
from solver.question.pairs import ENSEMBLES
from solver.sensitivity.deformation.moments import image_moments
from solver.symbolic.snomial import Snomial
from solver.symbolic.span import RingSpan
from solver.symbolic.symbols import class_weights, ell, k, xi
from tests.cases import Case, of_kind
from tests.quick import UNSTRIDED

LAWS = ["independent", "mirror", "rigid", "single", "0:1/3 1:2/3", "-1,1:1/4 1,0:1/2 0,0:1/4"]
WIDE = "-2:1/4 0:1/2 1:1/4"

cached_formula = cache(sensitivity_formula)


@cache
def enumerated(construction: str, length: int, scale: int, options: tuple[tuple[str, Any], ...]) -> list[Fraction]:
    """D of every layer, from all images and all outcomes."""
    place = dict(options)
    deformation = place.pop("deformation", Deformation())
    filter_size = place.pop("filter_size", 3)
    task = TwoPixelTask(length=length, scale=scale, **place)
    network = construct(construction, task, filter_size=filter_size)
    return [m.change / m.spread for m in image_moments(network, task, deformation)]


def enumerated_layer(formula: Formula, point: dict[str, int]) -> Fraction:
    """D of the layer a formula is about, at a point."""
    setting = formula.setting
    scale = {**formula.fixed, **point}.get("xi")
    layer = str(point.get("k", formula.layer))
    if scale is None:  # the formula in l and k for an ensemble that does not know xi
        step = setting.filter_size - 1
        scale = next(s for s in range(2, 99) if setting.reaches(s) and (s - 2) // step >= int(layer))
    options = (
        ("deformation", setting.deformation),
        ("distances", setting.distances),
        ("filter_size", setting.filter_size),
        ("gap", setting.gap),
    )
    values = enumerated(setting.construction, point["l"], scale, options)
    return values[int({"last": "-2", "output": "-1"}.get(layer, layer))]


def has_value(formula: Formula, point: dict[str, int], number: Any) -> bool:
    """Whether a formula is a number at a point: equal if rational, to 40 digits if irrational."""
    value = formula.value(**point)
    if getattr(number, "rational", lambda: number)() is not None:
        return bool(value.exact == number)
    return enclose(value.expression, 40).overlaps(number.enclosure(200))  # type: ignore[attr-defined]


def assert_holds_and_ends(formula: Formula, points: list[dict[str, int]]) -> None:
    """At every point: the value of the enumeration in the range, a refusal outside."""
    for point in points:
        if formula.holds_at(point):
            assert has_value(formula, point, enumerated_layer(formula, point)), point
        else:
            with pytest.raises(InputError, match="outside the range"):
                formula.at(**point)


deformations = st.builds(Deformation, law=st.sampled_from(LAWS), collisions=st.sampled_from(sorted(COLLISIONS)))
options = st.fixed_dictionaries(
    {"distances": st.sampled_from(sorted(ENSEMBLES)), "deformation": deformations, "gap": st.sampled_from([0, 0, 1])}
)


def smallest_length(formula: Formula, point: dict[str, int]) -> int:
    """The end of the range, from its conditions alone."""
    return next(n for n in range(4, 60) if formula.holds_at({**point, "l": n}))


@settings(max_examples=12, deadline=None)
@given(st.sampled_from(sorted(UNSTRIDED)), st.sampled_from([3, 4, 5]), st.data(), options)
def test_in_l(construction: str, scale: int, data: st.DataObject, options: dict[str, Any]) -> None:
    scale = scale if CONSTRUCTIONS[construction].every_scale else scale // 2 * 2 + 1
    options["gap"] = min(options["gap"], scale - 2)
    try:
        enumerated(construction, 2 * scale + 2, scale, tuple(options.items()))
    except InputError:  # 'reject' leaves no outcome
        return
    depth = construct(construction, TwoPixelTask(length=30, scale=scale)).depth
    layer = data.draw(st.sampled_from([*map(str, range(depth + 1)), "last", "output"]))
    formula = cached_formula(construction, layer, "l", scale=scale, **options)
    least = smallest_length(formula, {})
    longer = data.draw(st.integers(least, max(least, 12)))
    assert_holds_and_ends(formula, [{"l": n} for n in (least - 1, least, longer)])


@settings(max_examples=6, deadline=None)
@given(st.sampled_from(["shift", "uniform"]), st.data(), options)
def test_in_l_and_xi(construction: str, data: st.DataObject, options: dict[str, Any]) -> None:
    layer = data.draw(st.sampled_from(["0", "1", "output", *(["last"] if construction == "shift" else [])]))
    try:
        formula = cached_formula(construction, layer, "l,xi", **options)
    except InputError:  # 'reject' leaves no outcome
        return
    least = next(s for s in range(2, 40) if formula.holds_at({"l": 1000, "xi": s}))
    scale = data.draw(st.sampled_from([s for s in (least, least + 1, 5) if formula.holds_at({"l": 1000, "xi": s})]))
    shortest = smallest_length(formula, {"xi": scale})
    points = [{"l": n, "xi": scale} for n in (shortest - 1, shortest, shortest + 1)]
    assert_holds_and_ends(formula, [*points, {"l": 2 * least + 4, "xi": least - 1}])


@pytest.mark.parametrize("distances", ["pairs", "balanced"])
@pytest.mark.parametrize("construction", ["uniform", "shift-mixed"])
@pytest.mark.parametrize(("law", "collisions"), [("independent", "merge"), ("single", "reject")])
def test_in_l_and_k(construction: str, distances: str, law: str, collisions: str) -> None:
    names = "l,k" if distances == "pairs" else "l,xi,k"
    deformation = Deformation(law=law, collisions=collisions)
    formula = sensitivity_formula(construction, None, names, distances=distances, deformation=deformation)
    scales = [{}] if distances == "pairs" else [{"xi": 7}]
    points = [{"l": n, "k": at, **scale} for n in (9, 10, 13, 14) for at in (0, 1, 2) for scale in scales]
    assert sum(map(formula.holds_at, points)) >= 2
    assert_holds_and_ends(formula, points)


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments", [("uniform", None, "l,k"), ("shift", "last", "l,xi"), ("uniform", "output", "l,xi")]
)
@pytest.mark.parametrize("collisions", sorted(COLLISIONS))
@pytest.mark.parametrize("distances", sorted(ENSEMBLES))
def test_wide_displacements(arguments: Any, collisions: str, distances: str) -> None:
    deformation = Deformation(law=WIDE, collisions=collisions)
    if arguments[1] is None and distances == "balanced":
        arguments = ("uniform", None, "l,xi,k")
    formula = sensitivity_formula(*arguments, distances=distances, deformation=deformation)
    scales = [{"xi": s} for s in (5, 6, 7)] if "xi" in formula.variables else [{}]
    layers = [{"k": n} for n in (1, 2)] if "k" in formula.variables else [{}]
    points = [{"l": n, **a, **b} for n in (10, 12, 13, 14, 15, 19) for a in scales for b in layers]
    assert any(map(formula.holds_at, points))
    assert_holds_and_ends(formula, points)


@of_kind("D")
def test_known_values(case: Case) -> None:
    construction, layer = case.arguments
    assert isinstance(construction, str) and isinstance(layer, int)
    place = "output" if layer == 4 else str(layer)
    assert cached_formula(construction, place, "l").at(l=32) == case.number
    if layer in (1, 2):
        assert cached_formula(construction, None, "l,k").at(l=32, k=layer) == case.number
    if layer == 4 or construction == "shift":
        place = {3: "last"}.get(layer, place)
        assert cached_formula(construction, place, "l,xi").at(l=32, xi=7) == case.number


def test_default_formulas_are_those_of_the_derivations() -> None:
    D = cached_formula("shift", "output", "l,xi")
    assert sympy.cancel(D.expression - 4 * (ell - 1) / (xi * ((2 * xi - 1) * (ell - 1) - 3 * xi * (xi - 1)))) == 0
    assert D.range_text == "xi >= 2, l >= 2*xi + 1"
    A = [Snomial(2 * k, 2 * k + r, 3) for r in range(3)]
    above = Fraction(8, 3) * (A[0] - A[1]) - Fraction(4, 9) * (3 * A[0] - 4 * A[1] + A[2]) / (ell - 1)
    below = 4 * (ell - 2) / (ell - 1) * (A[0] - 9**k / ell)
    found = cached_formula("uniform", None, "l,k").expression
    for layer in range(1, 6):
        assert sympy.cancel((found - above / below).subs(k, layer)) == 0


def test_merged_pixels_make_the_output_depend_on_the_kernel() -> None:
    """One pixel of value 1 gives xi - 3^k~ in `uniform` and 0 in `shift`."""
    merge = Deformation(collisions="merge")
    uniform, shift = (cached_formula(name, "output", "l,xi", deformation=merge) for name in ("uniform", "shift"))
    assert uniform.at(l=40, xi=7) != shift.at(l=40, xi=7)
    assert uniform.expression.has(3) and not uniform.expression.free_symbols - {ell, xi}


def test_cyclotomic_is_a_box_as_shift_is() -> None:
    """Both end in a kernel of xi ones: the last map and the output are those of `shift`, merging pixels or not."""
    for layer, collisions in (("last", "add"), ("output", "add"), ("output", "merge")):
        deformation = Deformation(collisions=collisions)
        cyclotomic, shift = (
            cached_formula(name, layer, "l,xi", deformation=deformation) for name in ("cyclotomic", "shift")
        )
        assert cyclotomic.expression == shift.expression
        assert_holds_and_ends(cyclotomic, [{"l": n, "xi": 5} for n in (9, 10, 11, 15)])


def test_filter_size() -> None:
    formula = sensitivity_formula("uniform", None, "l,k", filter_size=5)
    point = {"l": 18, "k": 1}
    assert not formula.holds_at({"l": 17, "k": 1})
    assert_holds_and_ends(formula, [point, {"l": 17, "k": 1}])
    output = sensitivity_formula("uniform", "output", "l,xi", filter_size=5)
    assert_holds_and_ends(output, [{"l": n, "xi": 5} for n in (10, 11, 12)])
    assert not output.holds_at({"l": 40, "xi": 7})


def test_proof_is_rerun_and_can_fail() -> None:
    formula = cached_formula("shift", "last", "l")
    proof = formula.proof
    assert proof.method == "identified" and proof.unknowns == len(proof.fitted) == 4
    points = {p["l"] for p in (*proof.fitted, *proof.held_out, *proof.certified)}
    assert set(range(14, 26)) <= points and formula.check() == len(points)
    wrong = replace(formula, expression=formula.expression + sympy.prod(ell - n for n in range(14, 40)))
    with pytest.raises(SolverError, match="the formula gives"):
        wrong.check()


def test_a_quantity_outside_the_span_is_noticed() -> None:
    span = RingSpan((sympy.Integer(1), 1 / ell), 10)
    assert span.combinations(lambda n: {"x": Fraction(3 * n + 2, n)}) == {"x": 3 + 2 / ell}
    with pytest.raises(SolverError, match="no combination"):
        span.solved(lambda n: {"x": Fraction(1, n * n)})


@pytest.mark.parametrize("distances", sorted(ENSEMBLES))
@pytest.mark.parametrize("length", [20, 21])
@pytest.mark.parametrize("gap", [0, 2])
def test_weights_are_the_probabilities(distances: str, length: int, gap: int) -> None:
    task = TwoPixelTask(length=length, scale=6, distances=distances, gap=gap)
    weights = class_weights(distances, xi, gap)
    for d, p in task.distance_law.items():
        weight = weights.near if d < 6 else weights.far * (weights.half if 2 * d == length else 1)
        assert Fraction(str(weight.subs({ell: length, xi: 6}))) == p


@pytest.mark.parametrize("size", [2, 3, 5])
@pytest.mark.parametrize("power", [0, 1, 6])
def test_snomial_is_a_coefficient(size: int, power: int) -> None:
    z = sympy.Symbol("z")
    row = sympy.Poly([1] * size, z).pow(power).all_coeffs()
    assert [Snomial(power, j, size) for j in range(-1, len(row) + 1)] == [0, *row, 0]


def test_snomial_stays_symbolic() -> None:
    central = Snomial(2 * k, 2 * k, 3)
    assert central.subs(k, 2) == 19 and sympy.latex(central**2) == r"\binom{2 k}{2 k}_{3}^{2}"


REFUSED = {
    "last layer of uniform in xi": (("uniform", "last", "l,xi"), NotApplicableError, "one in l for a given scale"),
    "number and k": (("uniform", "1", "l,k"), InputError, "leave out one"),
    "no layer": (("uniform", None, "l"), InputError, "give a number"),
    "layer too high": (("uniform", "9", "l"), InputError, "expected 0 to 3"),
    "layer as code": (("uniform", "x", "l"), InputError, "expected a number"),
    "variables": (("uniform", "1", "xi"), InputError, "expected l"),
    "unreachable scale": (("uniform", "1", "l", {"scale": 8}), InputError, "nearest scales"),
    "even filter": (("shift", "1", "l", {"filter_size": 4}), InputError, "odd"),
    "construction": (("boxes", "1", "l"), InputError, "choose one of"),
    "quantity": (("shift", "1", "l", {"quantity": "Q"}), InputError, "choose one of"),
    "gap": (("shift", "1", "l", {"gap": 6}), InputError, "gap"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name: str) -> None:
    (*arguments, extra), error, message = REFUSED[name]
    options = extra if isinstance(extra, dict) else {}
    arguments += [] if isinstance(extra, dict) else [extra]
    with pytest.raises(error, match=message):
        sensitivity_formula(*arguments, **options)


@pytest.mark.parametrize(
    ("point", "message"),
    [
        ({"l": 14}, "needs a value for xi"),
        ({"l": 14, "xi": 7, "k": 1}, "the formula is in l, xi"),
        ({"l": 14, "xi": 7}, "outside the range of the formula, xi >= 2, l >= 2"),
        ({"l": "14", "xi": 7}, "expected an integer"),
    ],
)
def test_points_are_checked(point: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        cached_formula("shift", "output", "l,xi").at(**point)


def test_a_fixed_scale_may_be_repeated() -> None:
    formula = cached_formula("shift", "last", "l")
    assert formula.at(l=32, xi=7) == Fraction(18352, 89775)
    with pytest.raises(InputError, match="made for xi = 7"):
        formula.at(l=32, xi=8)


@pytest.mark.parametrize(
    "arguments", [("uniform", None, "l,k"), ("shift", "last", "l,xi"), ("uniform", "output", "l,xi")]
)
def test_latex_is_balanced(arguments: Any) -> None:
    formula = cached_formula(*arguments)
    text = formula.latex()
    assert text.count("{") == text.count("}") and text.count(r"\left") == text.count(r"\right")
    assert text.startswith("D_{") and formula._repr_latex_() == rf"$\displaystyle {text}$"
