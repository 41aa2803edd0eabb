"""Long rings: representing pairs against the formula of theory, section 5, and against enumeration."""

from __future__ import annotations

from fractions import Fraction

import pytest

from solver import Deformation, GaussianNoise, Network, TwoPixelTask, construct
from solver.sensitivity.deformation.distances import distance_moments
from solver.sensitivity.deformation.moments import image_moments
from solver.sensitivity.noise.closed import linear_noise

NAMES = ("uniform", "shift", "shift-mixed")


def convolved(*factors: list[int]) -> list[int]:
    """The product of polynomials."""
    product = [1]
    for factor in factors:
        terms = [0] * (len(product) + len(factor) - 1)
        for i, a in enumerate(product):
            for j, b in enumerate(factor):
                terms[i + j] += a * b
        product = terms
    return product


def kernels(name: str, layer: int) -> list[list[int]]:
    """The kernels of each channel at s = 3, xi = 7, below the last layer, written down from theory, section 3."""
    if name == "uniform":
        return [convolved(*[[1, 1, 1]] * layer)]
    width = 2 * layer + 1
    if name == "shift":
        return [[int(n == c) for n in range(width)] for c in range(width)]
    deltas = ([1, 0, 0], [0, 1, 0], [0, 0, 1])
    return [convolved(*[[1, 1, 1]] * (layer - 1), delta) for delta in deltas]


def formula(channels: list[list[int]], length: int) -> Fraction:
    """D_k of a linear layer, `pairs`, `independent`, `add` (theory, section 5)."""

    def a(r: int) -> int:
        return sum(x * y for kernel in channels for x, y in zip(kernel, kernel[r:], strict=False))

    s2 = sum(sum(kernel) ** 2 for kernel in channels)
    moved = Fraction(8, 3) * (a(0) - a(1)) - Fraction(4, 9) * (3 * a(0) - 4 * a(1) + a(2)) / (length - 1)
    spread = Fraction(4 * (length - 2), length - 1) * (a(0) - Fraction(s2, length))
    return moved / spread


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("length", [14, 32, 1000, 10**9])
def test_hidden_layers_equal_the_formula(name: str, length: int) -> None:
    task = TwoPixelTask(length=length, scale=7)
    moments = distance_moments(construct(name, task), task, Deformation())
    for k in (1, 2):
        assert moments[k].change / moments[k].spread == formula(kernels(name, k), length)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("collisions", ["add", "merge", "reject"])
def test_moderate_ring_equals_enumeration(name: str, collisions: str) -> None:
    task = TwoPixelTask(length=24, scale=3, distances="balanced")
    deformation = Deformation(law="-1,0:1/4 0,1:1/4 1,1:1/2", collisions=collisions)
    network = construct(name, task)
    assert distance_moments(network, task, deformation) == image_moments(network, task, deformation)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["uniform", "shift"])
def test_ring_of_sixty_equals_enumeration(name: str) -> None:
    task, deformation = TwoPixelTask(length=60, scale=7), Deformation()
    network = construct(name, task)
    assert distance_moments(network, task, deformation) == image_moments(network, task, deformation)


@pytest.mark.parametrize("name", NAMES)
def test_limits_of_theory(name: str) -> None:
    """D_k -> (2/3)(1 - A_1/A_0) as l grows, here within 10/l."""
    length = 10**9
    task = TwoPixelTask(length=length, scale=7)
    for k in (1, 2):
        channels = kernels(name, k)
        a0, a1 = (sum(x * y for c in channels for x, y in zip(c, c[r:], strict=False)) for r in (0, 1))
        limit = Fraction(2, 3) * (1 - Fraction(a1, a0))
        moments = distance_moments(construct(name, task), task, Deformation())[k]
        assert abs(moments.change / moments.spread - limit) < Fraction(10, length)


def test_output_of_a_long_ring_follows_from_the_tent() -> None:
    """f_p = ReLU(7 - d) has E f^2 = 2 (1 + 4 + ... + 36) / (l - 1) and E f = 2 (1 + ... + 6) / (l - 1)."""
    length = 10**6
    task = TwoPixelTask(length=length, scale=7)
    square, mean = Fraction(2 * 91, length - 1), Fraction(2 * 21, length - 1)
    for name in NAMES:
        assert distance_moments(construct(name, task), task, Deformation())[-1].spread == 2 * (square - mean**2)


@pytest.mark.parametrize("length", [14, 32, 10**9])
def test_identity_noise_is_kernel_energy(length: int) -> None:
    """Without ReLU, E||K*eta||^2 = l sigma^2 A_0 = (8/3) A_0, whatever l."""
    task = TwoPixelTask(length=length, scale=7)
    for name in NAMES:
        linear: Network = construct(name, task).with_identity()
        for k in (1, 2):
            a0 = sum(x * x for kernel in kernels(name, k) for x in kernel)
            assert linear_noise(linear, task, GaussianNoise(), k) == Fraction(8, 3) * a0
