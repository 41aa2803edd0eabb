"""The series: noise that is rectified a second time by sums of independent sites, by proven balls.

Units that see the same means are evaluated once, and distances out of sight are one class, so the cost
does not grow with l.  Derivations: derivations/noise_last_layer.py, derivations/noise_output.py.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache, lru_cache, partial
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from solver.errors import NotApplicableError
from solver.gaussian.independent import SharedTerms, Term, Terms
from solver.proof import Proof
from solver.sensitivity.noise.ball_sum import BallSum
from solver.sensitivity.noise.response import BALL, NoiseResponse, kept
from solver.sensitivity.noise.route import Evaluation, Route
from solver.sensitivity.noise.series_latex import coherent_formula, incoherent_formula, integral_formula
from solver.sensitivity.noise.units import Refusal, UnitRing, unit_ring
from solver.values import GUARD_DIGITS, EnclosedValue, Value

if TYPE_CHECKING:
    from solver.sensitivity.question import Question

PROVEN = "one-dimensional integrals in ball arithmetic; error is a proven bound"
MOST_PRODUCTS = 1e9
"""The products of balls that ``auto`` spends, about 10^7 a second."""

Overlap = tuple[list[int], list[int], list[int]]
"""Which summands two units share, as indices into the first, and which each has for itself."""
NumberedSplit = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]
"""What two units share, and what each has for itself, as numbers of summands."""
UnitPair = tuple[int, int, int]
"""Two channels, and how many units the second one is ahead."""


def independent_units(question: Question, layer: int) -> UnitRing | Refusal:
    """Return the units of a layer, or of f_p those of the last one, if the series apply to them."""
    ring = unit_ring(question, layer)
    if isinstance(ring, Refusal):
        return ring
    if not ring.units.is_independent:
        return Refusal("the sites of the rectified field are correlated")
    if not (question.network.is_rational and ring.units.is_positive):
        return Refusal("the series are for positive rational weights and a negative bias")
    if any(_overlap(ring, pair) is None for pair in _pairs(question, layer, ring)):
        return Refusal("two units weigh a shared site differently")
    return ring


def _refusal(question: Question, layer: int) -> str | None:
    ring = independent_units(question, layer)
    return ring.why if isinstance(ring, Refusal) else None


def _cost(question: Question, layer: int) -> float:
    """Return about how many numbers are compared to count patterns, and products of balls taken at 15 digits."""
    ring = independent_units(question, layer)
    if isinstance(ring, Refusal):
        return 0.0
    numbers = sum(len(kernel) for kernel in ring.units.kernels) * ring.sites // ring.units.step
    counted = float(len(ring.images) * len(_pairs(question, layer, ring)) * numbers)
    return counted if counted > MOST_PRODUCTS else counted + ball_sum(question, layer).cost(15 + GUARD_DIGITS)


@lru_cache(maxsize=16)
def ball_sum(question: Question, layer: int) -> BallSum:
    """Return <||a(x + eta) - a(x)||^2> of a layer, or <(f_p(x + eta) - f_p(x))^2>, over independent sites.

    With the question's ``channel_mean`` the maps are summed over channels first.

    Raises
    ------
    NotApplicableError
        If the series do not apply: see `independent_units`.
    """
    ring = independent_units(question, layer)
    if isinstance(ring, Refusal):
        raise NotApplicableError(ring.why)
    patterns = _Patterns(ring)
    most_terms = max(len(kernel) for kernel in ring.units.kernels)
    total = BallSum(ring.units.level, _smallest_scale(ring), most_terms)
    output = layer > question.depth
    pairs = _pairs(question, layer, ring)
    images = [(patterns.ids(means), weight) for means, weight in ring.images]
    background = patterns.ids(ring.background)
    weights: dict[NumberedSplit, Fraction] = defaultdict(Fraction)
    for ids, weight in [*images, (background, ring.stretch)] if ring.stretch else images:
        for pair, factor in pairs.items():
            for split, count in patterns.splits(ids, pair):
                if not output or split[0]:
                    weights[split] += weight * factor * count
    for split, weight in weights.items():
        (total.covariances if output else total.differences)[patterns.shared(split)] += weight
    if output:
        readout = _readout(question)
        rest = patterns.shifts(background, readout)
        for ids, weight in images:
            shifts = patterns.shifts(ids, readout)
            for terms, v in rest.items():
                shifts[terms] += ring.stretch * v
            total.squares.append((dict(shifts), weight))
    return total


def _readout(question: Question) -> list[Fraction]:
    return [Fraction(v) for v in question.network.pooled_readout(question.task.sites)]  # type: ignore[arg-type]


def _smallest_scale(ring: UnitRing) -> Any:
    """Return the least w^2 v of a summand."""
    return min(w * w for kernel in ring.units.kernels for _, w in kernel) * ring.variance


def _pairs(question: Question, layer: int, ring: UnitRing) -> dict[UnitPair, Fraction]:
    """Return the pairs of units whose products add up, each with its weight."""
    channels = range(len(ring.units.kernels))
    if not layer > question.depth:
        return {(c, d, 0): Fraction(1) for c in channels for d in channels if question.channel_mean or c == d}
    reach, count = (ring.units.span - 1) // ring.units.step, ring.sites // ring.units.step
    lags = range(-min(reach, (count - 1) // 2), min(reach, count // 2) + 1)
    read = [(c, v) for c, v in enumerate(_readout(question)) if v]
    weights: dict[UnitPair, Fraction] = defaultdict(Fraction)
    for (c, v), (d, w), lag in product(read, read, lags):
        weights[(c, d, lag) if lag >= 0 else (d, c, -lag)] += v * w
    return weights


def _overlap(ring: UnitRing, pair: UnitPair) -> Overlap | None:
    """Return what two units share and what not; None if they weigh a shared site differently."""
    c, d, lag = pair
    one, other = ring.units.kernels[c], ring.units.kernels[d]
    at = {o % ring.sites: i for i, (o, _) in enumerate(one)}
    there = {(o + lag * ring.units.step) % ring.sites: i for i, (o, _) in enumerate(other)}
    if any(one[at[o]][1] != other[there[o]][1] for o in at.keys() & there.keys()):
        return None
    common = [i for o, i in at.items() if o in there]
    return common, [i for o, i in at.items() if o not in there], [i for o, i in there.items() if o not in at]


class _Patterns:
    """The summands of every unit as small integers, so that equal patterns are counted by numpy."""

    def __init__(self, ring: UnitRing) -> None:
        self.ring = ring
        self._index: dict[Term, int] = {}
        self._terms: list[Term] = []
        self.overlap = cache(partial(_overlap, ring))
        self.sum = cache(self._sum_of)

    def ids(self, means: list[Any]) -> list[np.ndarray]:
        """Return for each channel the summands of its units, an integer array of shape (units, window)."""
        units, sites, variance = self.ring.units, self.ring.sites, self.ring.variance
        kinds, at = list(dict.fromkeys(means)), np.arange(0, sites, units.step)[:, None]
        positions = np.array([kinds.index(m) for m in means])

        def term(w: Any, m: Any) -> Term:
            return Term(w, Fraction(0), variance, m) if units.adds_image else Term(w, m, variance)

        result = []
        for kernel in units.kernels:
            offsets = np.array([o for o, _ in kernel])
            table = np.array([[self._index.setdefault(term(w, m), len(self._index)) for m in kinds] for _, w in kernel])
            result.append(table[np.arange(len(kernel)), positions[(at + offsets) % sites]])
        self._terms = list(self._index)
        return result

    def splits(self, ids: list[np.ndarray], pair: UnitPair) -> Iterator[tuple[NumberedSplit, int]]:
        """Yield the summands that units (c, p) and (d, p + lag) share, and each one's own, by how many p have them."""
        c, d, lag = pair
        overlap = self.overlap(pair)
        assert overlap is not None
        common, left, right = overlap
        one, other = ids[c], np.roll(ids[d], -lag, axis=0)
        blocks = [np.sort(part, axis=1) for part in (one[:, common], one[:, left], other[:, right])]
        rows, counts = np.unique(np.concatenate(blocks, axis=1), axis=0, return_counts=True)
        ends = np.cumsum([len(common), len(left)])
        for row, count in zip(rows.tolist(), counts.tolist(), strict=True):
            yield (tuple(row[: ends[0]]), tuple(row[ends[0] : ends[1]]), tuple(row[ends[1] :])), count

    def shared(self, split: NumberedSplit) -> SharedTerms:
        """Return the summands themselves; which unit is the left one does not matter, so own ones are sorted."""
        common, *apart = (self.sum(part) for part in split)
        left, right = sorted(apart)
        return common, left, right

    def shifts(self, ids: list[np.ndarray], readout: list[Fraction]) -> dict[Terms, Fraction]:
        """Return the readout's weights summed over the units of each pattern."""
        shifts: dict[Terms, Fraction] = defaultdict(Fraction)
        for channel, v in zip(ids, readout, strict=True):
            rows, counts = np.unique(np.sort(channel, axis=1), axis=0, return_counts=True)
            for row, count in zip(rows.tolist(), counts.tolist(), strict=True):
                shifts[self.sum(tuple(row))] += v * count
        return shifts

    def _sum_of(self, row: tuple[int, ...]) -> Terms:
        return tuple(sorted(self._terms[i] for i in row))


def _response(question: Question, layer: int, how: Evaluation) -> NoiseResponse[Value]:
    """Return balls of any small radius, kept by the digits asked for."""
    total = ball_sum(question, layer)

    @cache
    def balls(digits: int) -> NoiseResponse[Any]:
        route = f"{SERIES.name}, {digits} digits"
        return kept(how.cache, question, layer, route, lambda: total.enclose_split(digits), BALL)

    def value(part: str, formula: Callable[[BallSum], str]) -> Value:
        return EnclosedValue(lambda digits: getattr(balls(digits), part), PROVEN, partial(formula, total))

    return NoiseResponse(
        value("total", integral_formula),
        value("coherent", coherent_formula),
        value("incoherent", incoherent_formula),
    )


SERIES = Route(
    name="series",
    method=PROVEN,
    refusal=_refusal,
    response=_response,
    cost=_cost,
    quick=MOST_PRODUCTS,
    sources=("johansson2017arb",),
    proofs=(
        Proof("independent_sums"),
        Proof("stepped_sums"),
        Proof("noise_last_layer", "hidden", ("shift",)),
        Proof("noise_output", "output", ("shift",)),
    ),
)
"""Units that sum independent rectified sites: one-dimensional integrals in ball arithmetic."""
