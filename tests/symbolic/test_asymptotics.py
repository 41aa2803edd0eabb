"""Limits and expansions: exact against formulas and networks at large arguments, each term by the order it improves."""

from __future__ import annotations

from fractions import Fraction
from math import pi
from pathlib import Path
from typing import Any

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Rational

from solver import Deformation, GaussianNoise, InputError, TwoPixelTask, construct, sensitivity_formula
from solver.cli import main
from solver.errors import NotApplicableError
from solver.gaussian.balls import enclose
from solver.sensitivity.deformation.autocorrelations import autocorrelation_moments
from solver.sensitivity.deformation.distances import distance_moments
from solver.sensitivity.noise.once import layer_second_moment
from solver.symbolic.expansions import asymptotics
from solver.symbolic.expansions.asymptotics import (
    deep_deformation,
    effective_window,
    large,
    last_map_deformation,
    long_ring,
    noise_on_long_rings,
)
from solver.symbolic.expansions.expansion import Expansion, expansion
from solver.symbolic.expansions.laplace import central_series, cumulant
from solver.symbolic.in_length import noise_in_length
from solver.symbolic.setting import Setting
from solver.symbolic.snomial import Snomial, snomial_coefficient
from solver.symbolic.symbols import ell, k, sigma, xi

S, C = sympy.symbols("s c", positive=True)
UNIFORM = {size: Setting(construction="uniform", filter_size=size) for size in (3, 5)}


def remainder(found: Expansion, value: int, terms: int) -> Any:
    """A ball around the exact value minus the sum of the first terms."""
    return enclose(found.exact_at(value), 60) - enclose(found.sum(terms).subs(found.variable, value), 60)


def assert_each_term_improves(found: Expansion, value: int) -> None:
    """Doubling the variable divides the remainder after n terms by 2^(order of the next), to 15 percent."""
    for n in range(1, len(found.terms) + 1):
        order = found.order if n == len(found.terms) else -found.exponents[n]
        factor = float(remainder(found, value, n).mid() / remainder(found, 2 * value, n).mid())
        assert factor == pytest.approx(2 ** float(order), rel=0.15), n


# -- s-nomials


def test_cumulants_are_those_of_equally_likely_integers() -> None:
    for size in (2, 3, 5):
        at = [Rational(2 * j - size + 1, 2) for j in range(size)]
        second, fourth = (sum(x**n for x in at) / size for n in (2, 4))
        assert cumulant(2, size) == second and cumulant(4, size) == fourth - 3 * second**2


@settings(max_examples=10)
@given(st.sampled_from([2, 3, 4, 5, 7]), st.integers(0, 3), st.integers(1, 4))
def test_central_series_has_the_order_it_claims(size: int, lag: int, terms: int) -> None:
    n, series = 240, central_series(size, lag, terms + 1)
    errors = []
    for m in (n, 2 * n):
        value = snomial_coefficient(m, (size - 1) * m // 2 + lag, size) * sympy.sqrt(
            2 * sympy.pi * cumulant(2, size) * m
        )
        partial = sum(e / sympy.Integer(m) ** j for j, e in enumerate(series[:terms]))
        errors.append((value / sympy.Integer(size) ** m - partial).evalf(40) * m**terms)
    assert abs(errors[1] - series[terms]) < abs(errors[0] - series[terms]) < abs(series[terms]) / 4 + Rational(1, 4)


def test_central_series_solves_the_recurrence_of_trinomials() -> None:
    """n T_n = (2n-1) T_(n-1) + 3 (n-1) T_(n-2) fixes every coefficient but the first; here in h = 1/n."""
    h, terms = sympy.Symbol("h"), 5
    residual = sum(
        e
        * h**j
        * (1 - (2 - h) / 3 * (1 - h) ** (-j - Rational(1, 2)) - (1 - h) / 3 * (1 - 2 * h) ** (-j - Rational(1, 2)))
        for j, e in enumerate(central_series(3, 0, terms))
    )
    assert [Snomial(n, n, 3) * n - (2 * n - 1) * Snomial(n - 1, n - 1, 3) for n in (2, 5)] == [3, 12 * Snomial(3, 3, 3)]
    assert sympy.series(residual, h, 0, terms + 1).removeO() == 0


# -- long rings

LAWS = ["independent", "mirror", "rigid", "single", "-2:1/4 0:1/2 1:1/4"]


@settings(max_examples=3)
@given(st.sampled_from(["uniform", "shift", "shift-mixed"]), st.sampled_from(LAWS), st.sampled_from(["pairs", "flat"]))
def test_limit_is_where_the_formula_goes(construction: str, law: str, distances: str) -> None:
    formula = sensitivity_formula(construction, None, "l,k", distances=distances, deformation=Deformation(law=law))
    limit = long_ring(formula).subs(k, 2)
    gaps = [Rational(str(formula.at(l=length, k=2))) - limit for length in (10**6, 10**9)]
    assert abs(gaps[0]) < Rational(1, 10**5) and abs(gaps[1]) < Rational(1, 10**8)


def test_limit_for_an_ensemble_that_keeps_close_pixels() -> None:
    formula = sensitivity_formula("uniform", None, "l,xi,k", distances="balanced")
    limit = long_ring(formula)
    assert limit.free_symbols == {xi, k}
    near = Rational(str(formula.at(l=10**12, xi=9, k=2)))
    assert abs(near - limit.subs({xi: 9, k: 2})) < Rational(1, 10**10)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize(("size", "depth"), [(3, 2), (3, 3), (5, 2)])
def test_last_map_equals_the_limit_of_the_networks(law: str, size: int, depth: int) -> None:
    deformation = Deformation(law=law)
    scale = (size - 1) * depth + 1
    formula = sensitivity_formula("uniform", "last", "l", scale=scale, filter_size=size, deformation=deformation)
    assert last_map_deformation(size, deformation).subs(k, depth) == long_ring(formula)


def test_only_formulas_of_deformations() -> None:
    formula = noise_in_length(UNIFORM[3], "0", 7, GaussianNoise())
    for function in (long_ring, lambda f: long_ring(f, 3 * xi)):
        with pytest.raises(NotApplicableError, match="of D, got one of G"):
            function(formula)
    flat = sensitivity_formula("shift", "output", "l,xi", distances="flat")
    with pytest.raises(NotApplicableError, match="even from odd"):
        large(flat, length=3 * xi)
    with pytest.raises(NotApplicableError, match="one of xi and k"):
        large(sensitivity_formula("shift", "output", "l"))


# -- deep networks


def test_deep_deformation_in_the_filter_size() -> None:
    found = deep_deformation(S)
    leading, following = found.terms
    assert leading.subs(S, 3) == 1 / (4 * k) and leading.subs(S, 5) == 1 / (12 * k) and found.order == 3
    for size, setting in UNIFORM.items():
        formula = sensitivity_formula("uniform", None, "l,k", filter_size=size)
        assert sympy.cancel(long_ring(formula) - deep_deformation(size).exact) == 0
        assert [t.subs(S, size) for t in found.terms] == list(large(formula).terms)
        assert setting.filter_size == size
    assert following.subs(S, 3) == large(sensitivity_formula("uniform", None, "l,k")).terms[1]


@pytest.mark.parametrize("size", [3, 5])
def test_each_term_of_a_deep_expansion_improves_the_order(size: int) -> None:
    assert_each_term_improves(deep_deformation(size, 3), 30)
    assert_each_term_improves(expansion(effective_window(UNIFORM[size]), k, 2), 30)
    assert_each_term_improves(expansion(noise_on_long_rings(UNIFORM[size]), k, 3), 60)


@pytest.mark.parametrize(("size", "depth"), [(3, 20), (5, 10)])
def test_deep_networks_have_the_third_coefficient(size: int, depth: int) -> None:
    task = TwoPixelTask(length=10**15, scale=(size - 1) * (depth + 1) + 1)
    moments = autocorrelation_moments(construct("uniform", task, filter_size=size), task, Deformation(), depth)
    third = deep_deformation(size, 3)
    gap = Rational(str(moments.change / moments.spread)) - third.sum(2).subs(k, depth)
    assert gap * depth**3 / third.coefficients[-1] == pytest.approx(1, abs=1 / depth)


def test_last_map_has_the_expansion_of_the_hidden_layers() -> None:
    """1 less at every site is exponentially little."""
    assert expansion(last_map_deformation(3), k, 4).terms == deep_deformation(3, 4).terms
    in_scale = expansion(last_map_deformation(3).subs(k, (xi - 1) / sympy.Integer(2)), xi)
    assert in_scale.terms[0] == 1 / (2 * xi)
    assert_each_term_improves(in_scale, 81)


def test_rings_that_grow_with_the_depth() -> None:
    """S2/(l A_0) falls like 1/sqrt(k): half powers."""
    formula = sensitivity_formula("uniform", None, "l,k")
    found = large(formula, length=C * k, terms=3)
    assert found.terms[0] == 1 / (4 * k) and found.order == Rational(5, 2)
    at = {"l": 9 * 400, "k": 400}
    scaled = (Rational(str(formula.at(**at))) - found.sum().subs({C: 9, k: 400})).evalf(20) * 400**2
    assert abs(scaled) < 0.1


# -- large scales

OUTPUTS = [("output", None, "pairs"), ("output", 3, "balanced"), ("last", None, "balanced"), ("last", 4, "pairs")]


@pytest.mark.parametrize(("layer", "ratio", "distances"), OUTPUTS)
def test_large_scales(layer: str, ratio: int | None, distances: str) -> None:
    formula = sensitivity_formula("shift", layer, "l,xi", distances=distances)
    found = large(formula, length=None if ratio is None else ratio * xi)
    assert_each_term_improves(found, 2000)
    general = large(formula, length=C * xi)
    assert ratio is None or [sympy.cancel(t.subs(C, ratio)) for t in general.terms] == list(found.terms)


def test_rings_must_stay_in_the_range() -> None:
    formula = sensitivity_formula("shift", "output", "l,xi")
    assert large(formula, length=2 * xi + 1).terms[0] == 8 / xi**2
    for length in (2 * xi, xi + 100):
        with pytest.raises(InputError, match="leaves the range"):
            large(formula, length=length)


def test_output_of_networks_at_a_large_scale() -> None:
    found = large(sensitivity_formula("shift", "output", "l,xi"), length=C * xi)
    assert found.terms[0] == 4 * C / (xi**2 * (2 * C - 3))
    assert sympy.limit(found.terms[0], C, sympy.oo) == large(sensitivity_formula("shift", "output", "l,xi")).terms[0]
    task = TwoPixelTask(length=150, scale=30)
    moments = distance_moments(construct("shift", task, filter_size=3), task, Deformation())[-1]
    gap = Rational(str(moments.change / moments.spread)) - found.terms[0].subs({C: 5, xi: 30})
    assert gap * 30**3 / found.terms[1].subs({C: 5, xi: 1}) == pytest.approx(1, abs=0.1)


def test_an_exponential_stays() -> None:
    """One pixel left by a merger is xi - 3^k~ away from the output."""
    merge = Deformation(collisions="merge")
    found = large(sensitivity_formula("uniform", "output", "l,xi", deformation=merge))
    assert found.terms[0] == 3**xi / (6 * xi**3)
    assert abs(found.exact_at(2001) / found.terms[0].subs(xi, 2001) - 1) < Rational(1, 1000)


# -- noise

NOISES = [GaussianNoise(), GaussianNoise(energy="1/5", rectified=True)]


@pytest.mark.parametrize("noise", NOISES, ids=["plain", "rectified"])
@pytest.mark.parametrize(
    ("construction", "size", "depth"), [("uniform", 3, 3), ("uniform", 5, 1), ("shift-mixed", 3, 2)]
)
@pytest.mark.parametrize("length", [400, 10**8])
def test_networks_keep_the_proven_distance(
    construction: str, size: int, depth: int, noise: GaussianNoise, length: int
) -> None:
    task = TwoPixelTask(length=length, scale=(size - 1) * (depth + 1) + 1)
    network = construct(construction, task, filter_size=size)
    moments = autocorrelation_moments(network, task, Deformation(), depth)
    G = layer_second_moment(network, task, noise, depth).expression() / Rational(str(moments.spread))
    setting = Setting(construction=construction, filter_size=size)
    limit, window = (f.subs(k, depth) for f in (noise_on_long_rings(setting, noise), effective_window(setting)))
    background = limit * Rational(length - 1, length - 2) / (1 - window / length)
    deviation = abs(enclose(G, 30) / enclose(background, 30) - 1)
    assert deviation < (1e-25 if noise.rectified else 12 * pi * size / length)
    assert abs(enclose(G, 30) / enclose(limit, 30) - 1) < 12 * pi * size / length + 20 / length


@pytest.mark.parametrize("layer", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_closed_formulas_of_noise_have_the_limit(layer: int) -> None:
    formula = noise_in_length(UNIFORM[3], str(layer), 7, GaussianNoise())
    limit = enclose(noise_on_long_rings(UNIFORM[3]).subs(k, layer), 30)
    gaps = []
    for length in (10**4, 10**6):
        at = formula.expression.subs({ell: length, sigma: sympy.sqrt(Rational(8, 3) / length)})
        gaps.append(float((enclose(at, 30) - limit) * length))
    assert gaps[0] == pytest.approx(gaps[1], rel=1e-2) and 0 < gaps[1] < 10


@pytest.mark.parametrize("size", [3, 5])
def test_scalings_with_the_effective_window(size: int) -> None:
    """D_k ~ A_k^-2 and G_k ~ A_k ~ sqrt(k): arXiv 2210.01506, without strides."""
    window, energy = effective_window(UNIFORM[size]), Rational(8, 3)
    assert expansion(window, k, 1).terms[0] == sympy.sqrt(sympy.pi * (size**2 - 1) * k / 3)
    assert expansion(deep_deformation(size).exact * window**2, k, 1).terms == (2 * sympy.pi / 3,)
    assert expansion(noise_on_long_rings(UNIFORM[size]) / window, k, 1).terms == (energy / (8 * sympy.pi * size),)


def test_first_layers_by_hand() -> None:
    """Half of the noise survives on background, E/8; without a mean, `shift` gains nothing in depth."""
    for energy in (Fraction(8, 3), Fraction(2)):
        noise = GaussianNoise(energy=energy)
        for construction in ("uniform", "shift", "shift-mixed"):
            G = noise_on_long_rings(Setting(construction=construction), noise).subs(k, 1)
            assert sympy.expand(G) == Rational(str(energy)) / 8
    assert not noise_on_long_rings(Setting(construction="shift")).has(k)
    with pytest.raises(InputError, match="exact"):
        noise_on_long_rings(UNIFORM[3], GaussianNoise(energy="exact"))


# -- what cannot be expanded

REFUSED = {
    "function": (sympy.sin(k), "not rational"),
    "two bases": (2**k + 3**k, "one s > 1"),
    "small base": (Rational(1, 2) * Rational(2, 3) ** k + 1, "base > 1"),
    "third of the variable": (3 ** (k / 3) + 1, "integer"),
    "off the middle": (Snomial(2 * k, k, 3), "no central coefficient"),
    "falling number of factors": (Snomial(7 - 2 * k, 7 - 2 * k, 3), "no central coefficient"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name: str) -> None:
    expression, message = REFUSED[name]
    with pytest.raises(NotApplicableError, match=message):
        expansion(expression, k)


@pytest.mark.parametrize(
    ("expression", "terms", "order"),
    [
        (sympy.S.Zero, (), None),
        (sympy.S(5), (5,), None),
        (3 / k, (3 / k,), None),
        (k**8 + 1, (k**8, 1), None),
        ((k**2 - 1) / (k + 1), (k, -1), None),
        (1 / (k + 1), (1 / k, -(k**-2)), 3),
        (9**k / (9**k + 3**k), (1,), None),
        (
            (Snomial(2 * k, 8 * k, 9) * 9 ** (-2 * k)) ** 2,
            (3 / (80 * sympy.pi * k), -369 / (64000 * sympy.pi * k**2)),
            3,
        ),
    ],
)
def test_simple_expansions(expression: Any, terms: tuple[Any, ...], order: Any) -> None:
    found = expansion(expression, k)
    assert found.terms == terms and found.order == order


def test_latex() -> None:
    found = deep_deformation(3)
    assert found.latex() == r"\frac{1}{4 k} - \frac{9}{64 k^{2}} + O\left(\frac{1}{k^{3}}\right)"
    assert expansion(3 / k, k).latex() == r"\frac{3}{k}"


# -- the figure


def drawn(axes: Any) -> dict[str, tuple[list[float], list[float]]]:
    """The data of every line by its label."""
    return {line.get_label(): ([*map(float, line.get_xdata())], [*map(float, line.get_ydata())]) for line in axes.lines}


def test_figure_shows_the_exact_values() -> None:
    from solver.plots.asymptotes import DEPTHS, PANELS, TRIED_SCALES, asymptotes

    depth, noise, scale, window = asymptotes().axes
    assert len(PANELS) == 4 and all(a.get_xscale() == a.get_yscale() == "log" for a in (depth, noise, scale, window))
    lines = drawn(depth)
    for size in (3, 5):
        D = long_ring(sensitivity_formula("uniform", None, "l,k", filter_size=size))
        assert lines[f"$D_k$, $s = {size}$"] == ([*DEPTHS], [float(D.subs(k, at)) for at in DEPTHS])
    at, values = lines[r"$\frac{1}{4 k}$"]
    assert values == pytest.approx([1 / (4 * x) for x in at])
    G = [float(noise_on_long_rings(UNIFORM[3]).subs(k, n).evalf(20)) for n in DEPTHS]
    assert drawn(noise)["$G_k$, $s = 3$"][1] == pytest.approx(G, rel=1e-15)
    D_f = [4 / (n * (2 * n - 1)) for n in TRIED_SCALES]
    assert drawn(scale)["$D_f$"] == ([*TRIED_SCALES], pytest.approx(D_f, rel=1e-15))
    widths = [9**n / snomial_coefficient(2 * n, 2 * n, 3) for n in DEPTHS]
    assert drawn(window)["$G_k$"][0] == pytest.approx(widths, rel=1e-15)
    at, values = drawn(window)[r"$\frac{2 \pi}{3}\,A_k^{-2}$"]
    assert [v * x**2 for x, v in zip(at, values, strict=True)] == pytest.approx([2 * pi / 3] * len(DEPTHS))


def test_command_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "asymptotes.svg"
    with pytest.raises(SystemExit) as done:
        main(["plot", "asymptotes", "-o", str(path), "--panel", "depth"])
    assert done.value.code == 0 and path.read_text().startswith("<?xml")
    for panels, message in ((["nose"], "unknown"), (["scale", "scale"], "at most once")):
        with pytest.raises(SystemExit) as refused:
            main(["plot", "asymptotes", "-o", str(path), *(f"--panel={name}" for name in panels)])
        assert refused.value.code == 2 and message in capsys.readouterr().err


def test_docstrings_name_the_derivation() -> None:
    assert "derivations/limits.py" in str(asymptotics.__doc__)
    assert "derivations/limits_noise.py" in str(asymptotics.__doc__)
