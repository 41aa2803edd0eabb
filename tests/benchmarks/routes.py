"""Fast routes against plain ones and against torch, as ratios in one run: ``make bench``.

Values are asserted, times are not: they belong to the machine.  CPU seconds of one thread; every line names both sides,
how long each took, and what the slower one would need to give the same digits.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch

from solver import Deformation, GaussianNoise, Layer, Network, Sampling, TwoPixelTask, construct, to_torch
from solver.question.deformation import deformation_outcomes
from solver.sensitivity.deformation.distances import distance_moments
from solver.sensitivity.deformation.moments import image_moments
from solver.sensitivity.noise.route import Evaluation
from solver.sensitivity.noise.routes import noise_responses
from solver.sensitivity.noise.sampled.sampling import sampled_noise
from solver.sensitivity.noise.sampled.whole_ring import ring_responses
from solver.sensitivity.question import Question
from solver.train.record import read_checkpoint, read_record

TASK = TwoPixelTask(length=32, scale=7)
DIGITS = 12
TRAINED = Path(__file__).resolve().parents[2] / "examples" / "trained" / "slides-P64-seed0.zip"


def timed(compute: Callable[[], Any], repeats: int = 1) -> tuple[Any, float]:
    """Return a result and the best time of a few runs, in seconds."""
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        result = compute()
        best = min(best, time.process_time() - start)
    return result, best


@dataclass(frozen=True)
class Moves:
    """Images as one batch, and by row which become which under the deformation, with what probability."""

    images: Any
    before: list[int]
    after: list[int]
    weights: Any

    def changes(self, network: Any) -> list[float]:
        """Return <||a(tau x) - a(x)||^2> of every layer and of f_p from one forward pass of the batch in float64."""
        with torch.no_grad():
            maps = network.maps(self.images)
            found = [*maps, pooled_readout(network, maps[-1])[:, None, None]]
            return [float(((a[self.after] - a[self.before]) ** 2).sum(dim=(1, 2)) @ self.weights) for a in found]


def pooled_readout(network: Any, last: Any) -> Any:
    """Return f_p of the last maps of a network whose pooling is the mean."""
    return network.head(last.mean(dim=-1))[:, 0]


def moves(*, per_distance: bool) -> Moves:
    """Return every image and outcome of the task, or those of one image per distance, each different one once."""
    rows: dict[bytes, int] = {}
    pairs, kept = [], []

    def row(image: np.ndarray) -> int:
        number = rows.setdefault(image.tobytes(), len(rows))
        if number == len(kept):
            kept.append(image)
        return number

    one = [(0, d, float(TASK.probability(d))) for d in range(1, TASK.length // 2 + 1)]
    for i, j, weight in one if per_distance else TASK.pairs():
        before = row(TASK.image(i, j))
        outcomes = deformation_outcomes(TASK, Deformation(), i, j)
        pairs += [(before, row(image), float(weight) * float(p)) for image, p in outcomes]
    first, after, weights = zip(*pairs, strict=True)
    batch = torch.from_numpy(np.stack(kept)[:, None, :]).double()
    return Moves(batch, list(first), list(after), torch.tensor(weights, dtype=torch.float64))


def random_network(channels: int) -> Network:
    """Return three layers of float32 weights, uniform on +-1/sqrt(fan in) as torch starts them."""
    generator = np.random.default_rng(0)
    stack: list[Layer] = []
    for inputs in (1, channels, channels):
        bound = (3 * inputs) ** -0.5
        weights = generator.uniform(-bound, bound, (channels, inputs, 3)).astype(np.float32)
        dyadic = np.frompyfunc(lambda w: Fraction(float(w)), 1, 1)
        stack.append(Layer(filters=dyadic(weights).tolist(), bias=dyadic(weights[:, 0, 0]).tolist()))
    return Network(layers=stack, name=f"random {channels}")


def looped_correlation(a: np.ndarray, layer: Layer, weights: Any, bias: Any) -> np.ndarray:
    """Return what `correlate` does, one filter entry after the other, in Python integers."""
    channels = []
    for filters, b in zip(weights, bias, strict=True):
        total = np.full((*a.shape[:-2], a.shape[-1] // layer.stride), b, dtype=object)
        for i, taps in enumerate(filters):
            for j, w in enumerate(taps):
                read = np.roll(a[..., i, :].astype(object), -layer.first_offset - j, axis=-1)
                total = total + w * read[..., :: layer.stride]
        channels.append(total)
    return np.stack(channels, axis=-2)


def dense_deformations() -> None:
    """D of dense float32 networks, exactly: matrix products against a loop over filter entries, and against torch."""
    for channels in (16, 64):
        network = random_network(channels)
        fast, quick = timed(lambda network=network: distance_moments(network, TASK, Deformation()), 3)
        with patch("solver.network.trace.correlate", looped_correlation):
            plain, slow = timed(lambda network=network: distance_moments(network, TASK, Deformation()))
        assert fast == plain
        print(f"D {network.name}, float32 weights: exact in {quick:.2f} s; ", end="")
        print(f"a loop over filter entries {slow / quick:.1f} x; ", end="")
        print_torch(network, [float(each.change) for each in fast], quick)


def torch_noise(name: str, seconds: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Return torch Monte Carlo means of ||a(x + eta) - a(x)||^2 per layer and for f_p, standard errors and the time."""
    network, generator = to_torch(construct(name, TASK)), torch.Generator().manual_seed(0)
    pairs = list(TASK.pairs())
    images = torch.from_numpy(np.stack([TASK.image(i, j) for i, j, _ in pairs]))[:, None, :].double()
    sd = float(GaussianNoise().variance(TASK.length)) ** 0.5
    batches, start = [], time.process_time()
    with torch.no_grad():
        calm = network.maps(images)
        f = pooled_readout(network, calm[-1])
        while len(batches) < 4 or time.process_time() - start < seconds:
            noisy = images + sd * torch.randn(images.shape, generator=generator, dtype=torch.float64)
            maps = network.maps(noisy)
            moved = [((a - b) ** 2).sum(dim=(1, 2)).mean() for a, b in zip(maps, calm, strict=True)]
            batches.append([float(m) for m in moved] + [float(((pooled_readout(network, maps[-1]) - f) ** 2).mean())])
    samples = np.array(batches)
    return samples.mean(axis=0), samples.std(axis=0, ddof=1) / len(samples) ** 0.5, time.process_time() - start


def print_torch(network: Network, exact: list[float], ours: float) -> None:
    """Print what one forward pass of torch takes, of batches that are made beforehand, against our time with them."""
    module, told = to_torch(network), []
    for name, per_distance in (("every image", False), ("one image per distance", True)):
        batch = moves(per_distance=per_distance)
        floats, seconds = timed(lambda batch=batch: batch.changes(module), 5)
        assert all(abs(a - b) < 1e-9 * b for a, b in zip(floats, exact, strict=True))
        told.append(f"torch, float64, {name} {seconds / ours:.2f} x")
    print("; ".join(told))


def deformations() -> None:
    """D: one image per distance against every image, and against torch."""
    for name in ("uniform", "shift"):
        network = construct(name, TASK)
        fast, quick = timed(lambda network=network: distance_moments(network, TASK, Deformation()), 3)
        plain, slow = timed(lambda network=network: image_moments(network, TASK, Deformation()))
        assert fast == plain
        print(f"D {name}: one image per distance {quick * 1e3:.1f} ms; every image {slow / quick:.0f} x; ", end="")
        print_torch(network, [float(each.change) for each in fast], quick)
    far = TwoPixelTask(length=10**6, scale=7)
    _, near_time = timed(lambda: distance_moments(construct("uniform", TASK), TASK, Deformation()), 3)
    _, far_time = timed(lambda: distance_moments(construct("uniform", far), far, Deformation()), 3)
    print(f"D uniform: l = 1000000 takes {far_time / near_time:.1f} x the time of l = 32")


def noise() -> None:
    """G by the default routes, without a cache: ours against torch Monte Carlo given the same time."""
    for name in ("shift", "uniform"):
        question = Question(construct(name, TASK), TASK, noise=GaussianNoise())

        def numbers(question: Question = question) -> list[tuple[float, float]]:
            values = noise_responses(question, Evaluation())
            return [(float(v.total.value(DIGITS)), float(v.total.error(DIGITS))) for v in values]

        ours, seconds = timed(numbers)
        mean, error, spent = torch_noise(name, seconds)
        print(f"G {name}: all layers in {seconds:.1f} s")
        for k, (value, bound) in enumerate(ours):
            goal = max(bound, 1e-16 * value)
            years = spent * (error[k] / goal) ** 2 / 3.15e7
            print(
                f"  layer {k}: ours {value:.12g} +- {bound:.1g}; torch in that time {mean[k]:.6g} +- {error[k]:.1g}; "
                f"for our error it would need {years:.1g} years"
            )


def single_units() -> None:
    """Layers of a trained network from single units, against the whole ring, in 1 / (error^2 * CPU seconds)."""
    record = read_record(TRAINED)
    network, sampling = read_checkpoint(TRAINED, record.checkpoints[-1]), Sampling()
    for layer in range(2, network.depth + 1):
        efficiencies = []
        for sampled in (sampled_noise, ring_responses):
            start = time.process_time()
            found = sampled(network, TASK, GaussianNoise(), {layer: None}, sampling)[layer].total
            relative = found.uncertainty / found.estimate
            efficiencies.append(1 / (relative**2 * (time.process_time() - start)))
            print(f"G of layer {layer}, {TRAINED.stem}, {sampled.__name__}: relative error {relative:.1e}")
        print(f"  single units are {efficiencies[0] / efficiencies[1]:.0f} x as efficient")


if __name__ == "__main__":
    torch.set_num_threads(1)
    deformations()
    dense_deformations()
    single_units()
    noise()
