"""The noise response of `shift` as a finite sum of integrals: the counts in front, and what each integral is."""

from __future__ import annotations

import re
from fractions import Fraction

import numpy as np
import pytest
from scipy import integrate, stats

from solver import GaussianNoise, TwoPixelTask, construct, sensitivities
from solver.gaussian.independent import RectifiedSums, Term, Terms
from solver.sensitivity.noise.series_latex import integral_formula
from tests.noise_routes import layer_series, output_series

NETWORK = construct("shift", TwoPixelTask(length=32, scale=7))


def test_each_unit_of_the_layer_is_counted_once() -> None:
    task = TwoPixelTask(length=32, scale=7)
    total = layer_series(NETWORK, task, GaussianNoise(), 3)
    assert sum(total.differences.values()) == 32
    assert len(total.differences) == 3  # windows that see no pixel, one, or both
    pooled = output_series(NETWORK, task, GaussianNoise())
    assert sum(weight for _, weight in pooled.squares) == 1
    assert {sum(shifts.values()) for shifts, _ in pooled.squares} == {Fraction(32)}


@pytest.mark.parametrize("length", [32, 100])
def test_latex_names_every_integral(length: int) -> None:
    task = TwoPixelTask(length=length, scale=7)
    layers = sensitivities(construct("shift", task), task).layers
    latex = layers[3].G.latex
    assert latex is not None and latex.startswith(r"\frac{") and latex.count(r"\int") == 3
    assert set(re.findall(r"dF_\{(.*?)\}\(", latex)) == {"0^{7}", r"0^{6}\,1^{1}", r"0^{5}\,1^{2}"}
    for layer in layers:
        for value in (layer.D, layer.G, layer.R):
            assert value.latex is not None and value.latex.count("{") == value.latex.count("}")


def test_what_is_added_to_rectified_noise_is_an_argument() -> None:
    """A unit of `shift` that sees both pixels is at level -1, one that sees one at 0; equal integrals are added up."""
    task = TwoPixelTask(length=12, scale=3)
    network, noise = construct("shift", task), GaussianNoise(rectified=True)
    layer = integral_formula(layer_series(network, task, noise, network.depth))
    assert re.findall(r"\\int (.*?)\\,dF_\{(.*?)\}\(s\)", layer) == [
        (rf"g_{{\emptyset}}({at})^2", "0^{3}") for at in ("s+2", "s+1", "s")
    ]
    assert "-2g_{0^{3}}(2)+1" in layer
    pooled = integral_formula(output_series(network, task, noise))
    integrals = re.findall(r"\\int .*?dF_\{.*?\}\(s\)", pooled)
    assert "g_{0^{3}}(1)" in pooled and len(integrals) == len(set(integrals))


def test_an_integral_over_one_shared_site() -> None:
    """E[(A + B - 1)+ (B + C - 1)+] with one summand each, integrated over B's atom and density by scipy."""
    v = Fraction(1, 4)
    shared, left, right = (
        Term(Fraction(1), Fraction(1), v),
        Term(Fraction(1), Fraction(0), v),
        Term(Fraction(2), Fraction(0), v),
    )

    def g(term: Term, s: float) -> float:
        """E(s + w X+ - 1)+ for one summand."""
        w, m, sd = float(term.weight), float(term.mean), float(term.variance) ** 0.5
        atom = stats.norm.cdf(-m / sd) * max(s - 1, 0)
        start = max((1 - s) / w, 0)
        rest, _ = integrate.quad(lambda t: (s + w * t - 1) * stats.norm.pdf(t, m, sd), start, m + 12 * sd, epsabs=1e-13)
        return float(atom + rest)

    sd = float(v) ** 0.5
    atom = stats.norm.cdf(-1 / sd) * g(left, 0) * g(right, 0)
    rest = sum(
        integrate.quad(lambda s: g(left, s) * g(right, s) * stats.norm.pdf(s, 1, sd), a, b, epsabs=1e-12)[0]
        for a, b in ((0, 1), (1, 7))
    )
    terms: tuple[Terms, Terms, Terms] = ((shared,), (left,), (right,))
    ball = RectifiedSums(Fraction(1), 20, v, 2).excess_product(*terms)
    assert abs(float(ball) - (atom + rest)) < 1e-9
    assert np.isfinite(float(ball.rad()))
