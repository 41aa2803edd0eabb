"""The least D over kernels: no kernel is below it, a grid comes close, and the networks that reach it do."""

from __future__ import annotations

from fractions import Fraction
from math import cos, gcd, pi
from typing import Any

import numpy as np
import pytest
import sympy
from flint import fmpq, fmpq_mat
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import eigh

from solver import Deformation, InputError, Layer, Network, TwoPixelTask, check_claim, construct, response
from solver.constructions.side_channels import side_channels, sine_windows
from solver.constructions.sine import sine
from solver.constructions.sine_channels import sine_channels
from solver.constructions.windows import sine_window, window_filters
from solver.errors import UnreachableScaleError
from solver.gaussian.balls import midpoint_radius
from solver.network.kernels import effective_kernel
from solver.optimal.deformation import best_deformation, deformation_pencil
from solver.optimal.pencil import Pencil, is_positive_definite
from solver.question.deformation import far_energy
from solver.sensitivity.deformation.autocorrelations import autocorrelation_moments
from solver.sensitivity.deformation.distances import distance_moments
from solver.sensitivity.deformation.moments import image_moments
from tests.strategies import RATIONALS

TASK = TwoPixelTask(length=16, scale=5)
LAWS = ("independent", "mirror", "rigid", "single", "-2:1/4 0:1/2 1:1/4")


def one_layer(*kernels: Any) -> Network:
    return Network(layers=[Layer(filters=[[taps] for taps in kernels], activation="identity")])


def deformation_of(network: Network, task: TwoPixelTask, layer: int = 1, law: Any = "independent") -> Any:
    moments = autocorrelation_moments(network, task, Deformation(law=law), layer)
    return moments.change / moments.spread


def bounds(value: Any, digits: int = 25) -> tuple[Fraction, Fraction]:
    middle, error = (Fraction(v) for v in value.bounded(digits))
    return middle - error, middle + error


kernels = st.integers(1, 7).flatmap(
    lambda n: st.lists(st.lists(RATIONALS, min_size=n, max_size=n).filter(any), min_size=1, max_size=2)
)


@given(kernels, st.sampled_from(["pairs", "balanced", "flat"]), st.sampled_from(LAWS))
def test_no_kernel_and_no_two_channels_are_below(chosen: list[list[Fraction]], distances: str, law: str) -> None:
    task = TwoPixelTask(length=16, scale=5, distances=distances)
    least = best_deformation(len(chosen[0]), task, Deformation(law=law), digits=12)
    assert deformation_of(one_layer(*chosen), task, law=law) >= bounds(least.value, 15)[0]


@pytest.mark.parametrize("taps", range(1, 9))
@pytest.mark.parametrize("law", LAWS)
def test_the_kernel_reaches_the_value_by_the_forward_pass(taps: int, law: str) -> None:
    best = best_deformation(taps, TASK, Deformation(law=law))
    network = one_layer(best.kernel)
    low, high = bounds(best.value)
    moments = distance_moments(network, TASK, Deformation(law=law))[1]
    assert low <= moments.change / moments.spread <= high
    assert (moments.change / moments.spread == best.value.exact) or best.value.kind == "numeric"
    assert (best.value.kind == "exact") == (taps <= 5)


def test_the_kernel_reaches_the_value_by_enumeration() -> None:
    best = best_deformation(3, TwoPixelTask(length=8, scale=3))
    moments = image_moments(one_layer(best.kernel), TwoPixelTask(length=8, scale=3), Deformation())[1]
    assert moments.change / moments.spread == best.value.exact


def test_a_grid_of_kernels_has_the_same_least() -> None:
    """Kernels (1, x, y, x, 1) on a fine grid, in floats."""
    task = TwoPixelTask(length=32, scale=7)
    x, y = np.meshgrid(np.linspace(1, 3, 401), np.linspace(1, 3, 401))
    a = [2 + 2 * x * x + y * y, 2 * x + 2 * x * y, 2 * y + x * x]
    ell, total = task.length, (2 + 2 * x + y) ** 2
    numerator = 8 / 3 * (a[0] - a[1]) - 4 / 9 * (3 * a[0] - 4 * a[1] + a[2]) / (ell - 1)
    grid = numerator / (4 * (ell - 2) / (ell - 1) * (a[0] - total / ell))
    best = best_deformation(5, task)
    at = np.unravel_index(grid.argmin(), grid.shape)
    assert 0 <= grid.min() - float(best.value) < 1e-5
    assert [x[at], y[at]] == pytest.approx([float(v) / float(best.kernel[0]) for v in best.kernel[1:3]], abs=0.006)


@pytest.mark.parametrize("taps", [2, 5, 8, 15, 31])
@pytest.mark.parametrize("law", LAWS)
def test_enclosures_hold_the_eigenvalue_of_floats(taps: int, law: str) -> None:
    task = TwoPixelTask(length=40, scale=7)
    pencil = deformation_pencil(taps, task, Deformation(law=law))
    forms = [np.array(f.tolist(), dtype=object).astype(float) for f in (pencil.numerator, pencil.denominator)]
    value = best_deformation(taps, task, Deformation(law=law)).value
    assert float(value) == pytest.approx(eigh(*forms, eigvals_only=True)[0], rel=1e-9)
    if value.kind == "numeric":
        middle, radius = midpoint_radius(value.enclose(30))  # type: ignore[attr-defined]
        low, high = ((fmpq(v.numerator, v.denominator)) for v in (middle - radius, middle + radius))
        assert pencil.exceeds(low * (1 - fmpq(1, 10**35))) and not pencil.exceeds(high) and radius < middle / 10**30


@pytest.mark.parametrize("taps", range(1, 12))
def test_long_rings(taps: int) -> None:
    best = best_deformation(taps)
    assert float(best.value) == pytest.approx(2 / 3 * (1 - cos(pi / (taps + 1))), rel=1e-14)
    assert best.kernel == sine_window(taps)
    far = TwoPixelTask(length=10**12, scale=7)
    assert float(best_deformation(taps, far).value) == pytest.approx(float(best.value), rel=1e-9)
    wide = Deformation(law=LAWS[-1])
    assert float(best_deformation(taps, far, wide).value) == pytest.approx(
        float(best_deformation(taps, None, wide).value), rel=1e-9
    )
    for law in LAWS[:4]:
        ratio = best_deformation(taps, None, Deformation(law=law)).value.exact / best.value.exact
        assert ratio == far_energy(Deformation(law=law)) * Fraction(3, 8)


def test_multiples_of_a_kernel() -> None:
    """With ones below, the best next filter; over all filters of a grid none is better."""
    task = TwoPixelTask(length=32, scale=7)
    best = best_deformation(5, task, multiple_of=(1, 1, 1))
    assert deformation_of(one_layer(best.kernel), task) == best.value.exact
    free = float(best_deformation(5, task).value)
    products = [np.convolve([1, 1, 1], [a, 10, b]).tolist() for a in range(4, 15) for b in range(4, 15)]
    found = min(float(deformation_of(one_layer(each), task)) for each in products)
    assert free < float(best.value) <= found < float(best.value) * 1.01


def test_a_law_that_moves_nothing() -> None:
    still = Deformation(law={0: 1})
    assert best_deformation(7, TASK, still).value.value(5) == 0 == best_deformation(3, None, still).value.exact


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"taps": 0}, "taps: expected an integer of at least 1"),
        ({"taps": 16, "task": TASK}, "fewer than the 16 sites"),
        ({"taps": 2, "multiple_of": (1, 1, 1)}, "at least 3"),
        ({"taps": 3, "multiple_of": (0, 0)}, "an entry other than 0"),
        ({"taps": 3, "multiple_of": (0.5,)}, "float"),
    ],
)
def test_what_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        best_deformation(**arguments)


def test_a_denominator_that_vanishes_is_refused() -> None:
    with pytest.raises(InputError, match="denominator of D vanishes"):
        Pencil(fmpq_mat([[1, 0], [0, 1]]), fmpq_mat([[1, 1], [1, 1]]))
    tiny = fmpq(1, 10**400)  # no ball decides
    assert is_positive_definite(fmpq_mat([[1, 1], [1, 1 + tiny]]))
    assert not is_positive_definite(fmpq_mat([[1, 1], [1, 1 - tiny]]))


# The networks


@pytest.mark.parametrize(
    ("scale", "size", "layer"), [(7, 3, 1), (7, 3, 2), (7, 3, 3), (9, 5, 1), (9, 3, 3), (13, 7, 1)]
)
def test_sine_has_the_least_deformation_of_long_rings_at_its_layer(scale: int, size: int, layer: int) -> None:
    task = TwoPixelTask(length=10**9, scale=scale)
    network = sine(task, size, (scale - 1) // (size - 1), layer=layer)
    assert check_claim(network, task) == {}
    taps = (size - 1) * layer + 1
    assert tuple(effective_kernel(network, layer).values.ravel()) == sine_window(taps)
    if layer < network.depth:
        assert float(deformation_of(network, task, layer)) == pytest.approx(
            float(best_deformation(taps).value), rel=1e-7
        )


def test_sine_without_that_layer() -> None:
    with pytest.raises(InputError, match="layer: expected 1 to 3"):
        sine(TwoPixelTask(), 3, 3, layer=4)


@pytest.mark.parametrize("removed", range(1, 6))
@pytest.mark.parametrize("period", [7, 8, 12])
def test_windows_divide_the_circle(period: int, removed: int) -> None:
    """Times its removed roots a window is z^P - (-1)^(N-1)."""
    count = -(-(period - removed) // 2)
    product = np.array([1.0])
    for taps in window_filters(period, removed, 3, count):
        product = np.convolve(product, np.trim_zeros([float(v) for v in taps]))
    assert min(product) > 1 - 1e-12
    roots = [np.exp(1j * pi * t / period) for t in range(1 - removed, removed, 2)]
    whole = np.convolve(product, np.poly(roots)).real
    assert whole == pytest.approx([1, *[0] * (period - 1), (-1) ** removed], abs=1e-10)


def test_windows_that_are_no_windows() -> None:
    with pytest.raises(InputError, match="removed roots: expected 1 to 4, got 5"):
        window_filters(4, 5, 3, 1)


@pytest.mark.parametrize("layer", range(1, 8))
def test_successive_sine_windows_have_no_common_factor(layer: int) -> None:
    """By polynomials over Q: the roots lie on z^(n+1) = -1, and no irreducible factor of both is shared."""
    z = sympy.Symbol("z")
    circles = [sympy.Poly(z ** (2 * k + 2) + 1, z) for k in (layer, layer + 1)]
    shared = sympy.gcd(*circles)
    assert shared == 1 and gcd(layer + 1, layer + 2) == 1


AMPLITUDES = (Fraction(1), Fraction(1, 100), "1/100000")


@pytest.mark.parametrize("build", [side_channels, sine_channels])
@pytest.mark.parametrize(("scale", "size"), [(5, 3), (7, 3), (9, 5)])
def test_faint_channels_keep_the_claim_and_approach_the_sine_window(build: Any, scale: int, size: int) -> None:
    task = TwoPixelTask(length=2 * scale + 3, scale=scale)
    far = TwoPixelTask(length=10**9, scale=scale)
    networks = [build(task, e, filter_size=size) for e in AMPLITUDES]
    assert [check_claim(each, task) for each in networks] == [{}] * 3
    for layer, window in enumerate(sine_windows(size, networks[0].depth - 1), start=1):
        found = [deformation_of(each, task, layer) for each in networks]
        least = deformation_of(one_layer(window), task)
        excess = [float(v) / float(least) - 1 for v in found]
        assert found[0] >= found[1] >= found[2] >= least and excess[2] < 1e-8
        if excess[0] > 0:
            assert excess[1] / excess[2] == pytest.approx(1e6, rel=0.02)
        limit = float(best_deformation((size - 1) * layer + 1).value)
        assert float(deformation_of(networks[2], far, layer)) == pytest.approx(limit, rel=1e-7)


def test_side_channels_carry_the_best_kernels_of_a_ring() -> None:
    task = TwoPixelTask(length=20, scale=7)
    chosen = [[Fraction(round(float(v) * 10**9), 10**9) for v in best_deformation(n, task).kernel] for n in (3, 5)]
    network = side_channels(task, "1/10000", kernels=chosen)
    assert check_claim(network, task) == {} and network.is_rational
    for layer in (1, 2):
        least = best_deformation(2 * layer + 1, task).value
        assert 0 < float(deformation_of(network, task, layer)) - float(least) < 1e-6
    images = np.random.default_rng(0).integers(-3, 4, (20, 20))
    assert response(network, images) == response(construct("shift", task), images)


@pytest.mark.parametrize(
    ("build", "arguments", "message"),
    [
        (side_channels, {"amplitude": 0}, "expected a positive rational"),
        (sine_channels, {"amplitude": "-1/2"}, "expected a positive rational"),
        (side_channels, {"amplitude": 1, "kernels": [[1, 1, 1]]}, "one for each of the 2 hidden layers, got 1"),
        (side_channels, {"amplitude": 1, "kernels": [[1, 1, 1], [1, 1, 1]]}, "layer 2: expected 5 entries"),
        (
            side_channels,
            {"amplitude": 1, "kernels": [[1, -1, 1], [1] * 5]},
            "layer 1: expected 3 entries, none negative",
        ),
        (sine_channels, {"amplitude": 1, "filter_size": 7}, "has no hidden layer"),
        (side_channels, {"amplitude": 1, "filter_size": 5}, "expected \\(s-1\\) k \\+ 1"),
    ],
)
def test_channels_that_are_refused(build: Any, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((InputError, UnreachableScaleError), match=message):
        build(TwoPixelTask(), **arguments)


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 12), st.integers(1, 12))
def test_windows_divide_one_another_at_odd_ratios_only(n: int, factor: int) -> None:
    """1 + z^(n+1) and with it the window divides 1 + z^(m(n+1)) for odd m."""
    z = sympy.Symbol("z")
    whole, part = (sympy.Poly(z ** (m * (n + 1)) + 1, z) for m in (factor, 1))
    assert (whole.rem(part).is_zero) == (factor % 2 == 1)
