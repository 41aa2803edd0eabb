"""Sums over images in few columns: against pattern by pattern, for every ensemble, and what they cost."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver import GaussianNoise, TwoPixelTask, construct
from solver.gaussian.chains.columns import Counts, PatternColumns
from solver.gaussian.chains.coupled_chains import ChainResolution, CoupledChains
from solver.sensitivity.noise.route import Sampling
from solver.sensitivity.noise.sampled.sampling import sampled_noise
from solver.sensitivity.noise.transfer.output import OUTPUT_TRANSFER
from solver.sensitivity.question import Question
from tests.noise_routes import output_transfer

RESOLUTION = ChainResolution(0.5, 7.2, 10, 8)
TAPS = {0: (1.0,), 1: (1.0, 0.9), 2: (1.0, 0.8, 1.1)}


def two_pixels(sites: int, memory: int, weight: list[Fraction]) -> Counts:
    """Return the means of equal taps under two pixels or fewer, of weights by their distance (0: a lone pixel)."""
    places = [(), *((p,) for p in range(sites + memory)), *combinations(range(sites + memory), 2)]
    counts: Counts = {}
    for pixels in places:
        means = tuple(float(sum(p <= q <= p + memory for q in pixels)) for p in range(sites))
        apart = pixels[1] - pixels[0] if len(pixels) == 2 else 0
        counts[means] = counts.get(means, Fraction(0)) + weight[apart % len(weight)]
    return counts


def test_equal_weights_take_nine_columns() -> None:
    """No pixel so far, one, or two; of two last noises none, one or both carry one, and once the means do not tell."""
    columns = PatternColumns.summed(two_pixels(20, 2, [Fraction(1)]))
    assert columns.count(20) == columns.count(0) == 1
    assert max(columns.count(site) for site in range(21)) == 9
    assert PatternColumns(columns.patterns).count(4) > 100


@pytest.mark.parametrize("weight", [[1], [1, 2], [3, 1, 2]])
@pytest.mark.parametrize("memory", [0, 1, 2])
def test_a_sum_is_the_sum_of_its_patterns(memory: int, weight: list[int]) -> None:
    """`product`, `tilt` and `distant_product`; an ensemble that weighs distances has more columns, and no other sum."""
    chains = CoupledChains(TAPS[memory], (1.0, 2.0), 1.0, 0.3, RESOLUTION)
    counts = two_pixels(3, memory, [Fraction(w, 7) for w in weight])
    apart = sum(float(w) * chains.product({p: 1}, 1)[0] for p, w in counts.items())
    assert chains.product(counts, 1)[0] == pytest.approx(apart, rel=1e-10)
    wide = two_pixels(2 + 2 * memory, memory, [Fraction(w, 7) for w in weight])
    apart = sum(float(w) * chains.tilt({p: 1}) for p, w in wide.items())
    assert chains.tilt(wide) == pytest.approx(apart, rel=1e-10)
    if memory:
        both = two_pixels(4, memory, [Fraction(w, 7) for w in weight])
        apart = sum(float(w) * chains.distant_product({p: 1}, 2) for p, w in both.items())
        assert chains.distant_product(both, 2) == pytest.approx(apart, rel=1e-10)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_columns_lose_no_weight(data: st.DataObject) -> None:
    """For any patterns and weights, the columns carry any values of sites multiplied along a pattern to their sum."""
    length = data.draw(st.integers(1, 4))
    patterns = st.tuples(*[st.sampled_from([0.0, 0.5, 2.0])] * length)
    counts = data.draw(st.dictionaries(patterns, st.fractions(Fraction(1, 9), 3), min_size=1, max_size=12))
    value = {0.0: 1.5, 0.5: -0.5, 2.0: 0.25}
    columns = PatternColumns.summed(counts)
    state = columns.collected(length, {ending: np.ones(1) for ending in columns.endings(length)})[0]
    for site in reversed(range(length)):
        state = sum(value[mean] * state @ matrix for mean, matrix in columns.transitions(site).items())
    expected = sum(float(w) * np.prod([value[m] for m in p]) for p, w in counts.items())
    assert state.sum() == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    ("name", "distances"), [("uniform", "pairs"), ("uniform", "balanced"), ("uniform", "flat"), ("sine", "pairs")]
)
def test_every_ensemble_has_its_sum(name: str, distances: str) -> None:
    """Against samples; weights that differ by distance, or unequal taps, leave more columns than nine."""
    task, noise = TwoPixelTask(length=16, scale=5, distances=distances), GaussianNoise()
    network = construct(name, task)
    found = output_transfer(network, task, noise).total
    assert found.uncertainty < 1e-9 * found.estimate
    sampled = sampled_noise(network, task, noise, {3: None}, Sampling(points=1024, replicates=16))[3].total
    assert abs(sampled.estimate - found.estimate) < 4 * sampled.uncertainty


def cost(length: int, scale: int, noise: GaussianNoise) -> float:
    task = TwoPixelTask(length=length, scale=scale)
    question = Question(construct("uniform", task), task, noise=noise)
    assert OUTPUT_TRANSFER.refusal(question, question.depth + 1) is None
    return OUTPUT_TRANSFER.cost(question, question.depth + 1)


def test_the_cost_grows_with_the_length_as_noise_weakens_only() -> None:
    """And then no faster than linearly."""
    same = [cost(length, 7, GaussianNoise(energy=Fraction(length, 12))) for length in (32, 64, 10**6)]
    assert max(same) < 1.01 * min(same)
    short, long = (cost(length, 7, GaussianNoise()) for length in (32, 128))
    assert long < 4 * short


def test_the_cost_grows_as_a_power_of_the_scale() -> None:
    costs = [cost(64, scale, GaussianNoise()) for scale in (5, 7, 9, 11, 13)]
    slopes = np.diff(np.log(costs)) / np.diff(np.log([5, 7, 9, 11, 13]))
    assert slopes[-1] < 3.5 and costs[-1] < OUTPUT_TRANSFER.quick
