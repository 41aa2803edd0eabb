"""One window over a moving average: the value that theory.md section 6 measured by nested quadrature."""

from __future__ import annotations

from fractions import Fraction

import pytest

from solver.gaussian.balls import enclose
from solver.gaussian.chains.coupled_chains import ChainResolution, CoupledChains
from solver.gaussian.moments import rectified_mean, rectified_product, rectified_square

EXCESS_SQUARE = 40.2077804401546018
WEIGHTS, MEANS, NOISE = (1, 2, 3, 2, 1), (0, 0, 1, 1, 1), Fraction(1, 12)


def closed_square() -> float:
    """Return E (S - 1)^2 from the closed moments of pairs of sites."""
    total, mean = 0, 0
    for i, (a, m) in enumerate(zip(WEIGHTS, MEANS, strict=True)):
        mean += a * rectified_mean(m, 3 * NOISE)
        for j, (b, n) in enumerate(zip(WEIGHTS, MEANS, strict=True)):
            shared = max(3 - abs(i - j), 0) * NOISE
            one = rectified_square(m, 3 * NOISE)
            total += a * b * (one if i == j else rectified_product(m, n, 3 * NOISE, 3 * NOISE, shared))
    return float(enclose(total - 2 * mean + 1, 20))


@pytest.mark.parametrize(("step", "reach", "nodes"), [(0.55, 7.0, 18), (0.48, 7.5, 23)])
def test_excess_square_of_five_weighted_sites(step: float, reach: float, nodes: int) -> None:
    """E (S - 1)+^2 = E (S - 1)^2 - E (1 - S)+^2 with S = r0 + 2 r1 + 3 r2 + 2 r3 + r4."""
    resolution = ChainResolution(step, reach, nodes, nodes * 3 // 4)
    chains = CoupledChains((1.0, 1.0, 1.0), tuple(map(float, WEIGHTS)), 1.0, float(NOISE) ** 0.5, resolution)
    shortfall = chains.shortfalls([tuple(map(float, MEANS))])[0, 1]
    assert abs(closed_square() - shortfall - EXCESS_SQUARE) < 1e-12
