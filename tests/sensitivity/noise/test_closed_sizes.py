"""Closed responses at any noise energy: one rectified layer against its mean over images, site by site, in mpmath."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import Any

import pytest
from mpmath import mp, mpf

from solver import GaussianNoise, Layer, Network, TwoPixelTask, sensitivities
from tests.oracles import number

LENGTH, SCALE = 8, 3
NETWORK = Network(layers=[Layer(filters=[[[1, 1, 1]]], bias=[-1])])


def squared_change(m: int, s: Any) -> Any:
    """E[((m + s Z)+ - m+)^2] by quadrature, split at the kink; in units of s, as its tolerance is absolute."""
    kink = -mpf(m) / s

    def density(z: Any) -> Any:
        return mp.exp(-z * z / 2) / mp.sqrt(2 * mp.pi)

    def change(z: Any) -> Any:
        return max(z, kink) if m > 0 else max(z - kink, mpf(0))

    ends = sorted({mpf(-30), min(max(kink, mpf(-30)), mpf(30)), mpf(-3), mpf(0), mpf(3), mpf(30)})
    return s * s * mp.quad(lambda z: density(z) * change(z) ** 2, ends)


@pytest.mark.parametrize("power", [-300, -260, -60, -3, 0, 2, 8, 300])
def test_one_layer_at_any_energy(power: int) -> None:
    """G_1 against its value at energy 10^-40, as the mean of E delta^2 over sites and all pairs of pixels."""
    energy, task = Fraction(10) ** power, TwoPixelTask(length=LENGTH, scale=SCALE)
    found = sensitivities(NETWORK, task, noise=GaussianNoise(energy=energy))
    weak = sensitivities(NETWORK, task, noise=GaussianNoise(energy=Fraction(1, 10**40)))
    with mp.workdps(40):
        s = mp.sqrt(3 * number(energy) / LENGTH)
        tiny = mp.sqrt(3 * mpf(10) ** -40 / LENGTH)
        ratio = changes(s) / changes(tiny)
        shown = mpf(str(found.layers[1].G.value(15))) / mpf(str(weak.layers[1].G.value(15)))
        assert abs(shown / ratio - 1) < mpf(10) ** -13


def changes(s: Any) -> Any:
    """The sum over pairs of pixels and sites of the squared change."""
    counts: Counter[int] = Counter()
    for d in range(1, LENGTH):
        for site in range(LENGTH):
            counts[sum((p - site) % LENGTH in (0, 1, LENGTH - 1) for p in (0, d)) - 1] += 1
    return sum(n * squared_change(m, s) for m, n in counts.items())
