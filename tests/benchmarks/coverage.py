"""How often sampled noise responses lie within 1, 2 and 3 of their errors: ``python -m tests.benchmarks.coverage``.

Each network is sampled from its own seeds.  The true values are closed forms, which the samples are not told, or, where
noise is rectified twice or meets a hard tanh, long runs from other seeds.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import count, islice

import numpy as np

from solver import GaussianNoise, Layer, Network, Sampling, TwoPixelTask
from solver.sensitivity.noise.closed import closed_response
from solver.sensitivity.noise.sampled.sampling import sampled_noise
from solver.sensitivity.question import Question

PARTS = ("total", "coherent", "incoherent")
LONG = Sampling(points=1024, replicates=32, seed=10**6)


@dataclass(frozen=True)
class Known:
    """A question, and what is known of the last layer and of f_p."""

    question: Question
    truth: dict[int, list[float]]

    @property
    def strided(self) -> bool:
        """Whether any layer has a stride."""
        return any(layer.stride > 1 for layer in self.question.network.layers)


@dataclass(frozen=True)
class Score:
    """How many errors one sampled value is off."""

    part: str
    strided: bool
    errors: float


def random_question(generator: np.random.Generator, *, deep: bool) -> Question:
    """Return one to three layers on a ring of 6 to 12 sites, half of the later ones non-negative, some with strides."""
    length = int(generator.choice([6, 8, 12]))
    stack: list[Layer] = []
    inputs, sites = 1, length
    for k in range(int(generator.integers(2 if deep else 1, 4 if deep else 3))):
        channels, size = int(generator.integers(1, 3)), int(generator.integers(1, min(3, sites) + 1))
        weights = generator.integers(-4, 5, (channels, inputs, size))
        if k and generator.random() < (0.3 if deep else 0.7):
            weights = abs(weights)
        bias = generator.integers(-3, 3, channels) * (deep or k == 0)
        stride = 2 if sites % 2 == 0 and sites > 2 and generator.random() < 0.35 else 1
        halves = [[[Fraction(int(w), 2) for w in taps] for taps in channel] for channel in weights]
        kinds = ["relu", "hardtanh"] if deep else ["relu"] if k == 0 else ["relu", "identity"]
        activation = str(generator.choice(kinds))
        stack.append(
            Layer(filters=halves, bias=[Fraction(int(b), 2) for b in bias], stride=stride, activation=activation)
        )
        inputs, sites = channels, sites // stride
    readout = [int(v) for v in generator.integers(1, 4, inputs)]
    noise = GaussianNoise(energy=Fraction(int(generator.choice([1, 4, 16])), int(generator.choice([1, 3]))))
    return Question(Network(layers=stack, readout=readout), TwoPixelTask(length=length, scale=3), noise=noise)


def known_questions(seed: int, *, deep: bool) -> Iterator[Known]:
    """Yield random questions with what is known of them: closed forms, or long runs where there are none."""
    for n in count():
        question = random_question(np.random.default_rng([seed, n]), deep=deep)
        layers = (question.depth, question.depth + 1)
        closed = {k: closed_response(question, k) for k in layers}
        if deep and all(each is None for each in closed.values()):
            long = sampled_noise(question.network, question.task, question.noise, dict.fromkeys(layers), LONG)
            if all(0 < each.total.uncertainty < each.total.estimate / 100 for each in long.values()):
                yield Known(question, {k: [getattr(long[k], part).estimate for part in PARTS] for k in layers})
        elif not deep and all(closed.values()):
            found = {k: [float(getattr(closed[k], part)) for part in PARTS] for k in layers}
            if found[question.depth][0] > 0:
                yield Known(question, found)


def scores(networks: int, seeds: int, sampling: Sampling, *, seed: int, deep: bool = False) -> list[Score]:
    """Return by how many errors sampled values of random networks are off, each network under some seeds."""
    found = []
    for n, known in enumerate(islice(known_questions(seed, deep=deep), networks)):
        question = known.question
        for s in range(seeds):
            how = Sampling(points=sampling.points, replicates=sampling.replicates, seed=1000 * seed + n * seeds + s)
            values = sampled_noise(question.network, question.task, question.noise, dict.fromkeys(known.truth), how)
            for k, truths in known.truth.items():
                for part, true in zip(PARTS, truths, strict=True):
                    value = getattr(values[k], part)
                    if true > 0:
                        found.append(Score(part, known.strided, abs(value.estimate - true) / value.uncertainty))
    return found


def coverage(errors: list[float]) -> list[float]:
    """Return which share is within 1, 2 and 3 errors."""
    return [float(np.mean(np.array(errors) <= k)) for k in (1, 2, 3)]


def nominal(replicates: int) -> list[float]:
    """Return which share Student's t has within 1, 2 and 3 times the half of its interval of 68.27 %."""
    from scipy.stats import t

    unit = t.ppf(0.5 + 0.6826894921370859 / 2, replicates - 1)
    return [float(1 - 2 * t.sf(k * unit, replicates - 1)) for k in (1, 2, 3)]


def main(networks: int = 1000, seeds: int = 2, points: int = 64, replicates: int = 32, deep: int = 0) -> None:
    """Print the coverage of each part, of all networks and of those with strides."""
    found = scores(networks, seeds, Sampling(points=points, replicates=replicates), seed=deep, deep=bool(deep))
    print(
        f"{networks} networks x {seeds} seeds, {replicates} x {points} points; nominal",
        *map("{:.4f}".format, nominal(replicates)),
    )
    for part in PARTS:
        for words, wanted in (("all", (False, True)), ("strided", (True,))):
            errors = [each.errors for each in found if each.part == part and each.strided in wanted]
            print(
                f"{part:10} {words:7} {len(errors):6}",
                *map("{:.4f}".format, coverage(errors)),
                f"largest {max(errors):.2f}",
            )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
