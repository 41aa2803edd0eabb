"""Runs side by side: what training made of each, and how the test error goes with D, G and R over runs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from solver.sensitivity.noise.route import Progress, Sampling
from solver.train.history import QUICK, Moment, history
from solver.train.record import read_record
from solver.train.training import Training
from solver.values import MissingValue

FREE = ("images", "seed", "per_decade")
"""What runs of one family may differ in."""

MEASURES = {"R_f": (-1, "R"), "D_f": (-1, "D"), "G_f": (-1, "G"), "R_L": (-2, "R")}
"""What the test error is set against: a layer, f_p or L (the last hidden one), and a quantity."""

FEWEST = 3
"""Runs of which ranks are compared, at least."""


@dataclass(frozen=True)
class Outcome:
    """A run with its name and the checkpoints of it that were looked at, in increasing order of steps."""

    name: str
    training: Training
    moments: tuple[Moment, ...]

    def number(self, measure: str, moment: int = -1) -> float | None:
        """Return one of `MEASURES` at a moment, None where it does not exist."""
        layer, quantity = MEASURES[measure]
        value = getattr(self.moments[moment].layers[layer], quantity)
        return None if isinstance(value, MissingValue) else float(value)

    def test_error(self, moment: int = -1) -> float | None:
        """Return the test error at a moment, None where there is no test image."""
        error = self.moments[moment].checkpoint.test_error
        return None if error is None else float(error)


@dataclass(frozen=True)
class Correlation:
    """Spearman's rank correlation of the test error with one of `MEASURES` over runs; ties share their mean rank.

    Attributes
    ----------
    measure : str
    among : str
        "all", "within P" or "P = 64": with "within P", ranks are taken, and centred, among runs of the same P, so that
        nothing that P alone does is counted.
    runs, errors : int
        How many runs, and how many different test errors they have.
    rho : float or None
        None for fewer than `FEWEST` runs, or where one of the two does not vary.
    """

    measure: str
    among: str
    runs: int
    errors: int
    rho: float | None


def outcome(path: Path, *, shuffles: int = 8, sampling: Sampling = QUICK, progress: Progress | None = None) -> Outcome:
    """Return a run, named after its folder or .zip, at its first and its last checkpoint; options as in `history`."""
    kept = read_record(path).checkpoints
    ends = {each.step for each in (*kept[:1], *kept[-1:])}
    found = history(path, steps=ends, shuffles=shuffles, sampling=sampling, progress=progress)
    return Outcome(path.stem if path.suffix == ".zip" else path.name, found.record.training, found.moments)


def families(outcomes: Iterable[Outcome]) -> list[tuple[Outcome, ...]]:
    """Return the runs grouped by all of their configuration but `FREE`, in the order given."""
    return _grouped(outcomes, lambda each: {k: v for k, v in each.training.as_json().items() if k not in FREE})


def settings(outcomes: Iterable[Outcome]) -> list[tuple[Outcome, ...]]:
    """Return the runs grouped by task and architecture, in the order given."""
    return _grouped(outcomes, lambda each: [each.training.as_json()[name] for name in ("task", "architecture")])


def by_images(outcomes: Iterable[Outcome]) -> dict[int, tuple[Outcome, ...]]:
    """Return the runs by their number P of training images, in increasing order."""
    kept = list(outcomes)
    sizes = sorted({each.training.images for each in kept})
    return {P: tuple(each for each in kept if each.training.images == P) for P in sizes}


def correlations(family: Sequence[Outcome]) -> list[Correlation]:
    """Return the rank correlations over the runs of a family, all of them, within P, and for each P.

    Notes
    -----
    The tests of 3 or 4 runs are weak: 3 ranks agree by chance in 1 of 6 orders.
    """
    found = []
    for measure in MEASURES:
        points = {P: error_points(runs, measure) for P, runs in by_images(family).items()}
        everything = [point for each in points.values() for point in each]
        found.append(_correlation(measure, "all", [everything], everything))
        if len(points) > 1:
            found.append(_correlation(measure, "within P", list(points.values()), everything))
            found += [_correlation(measure, f"P = {P}", [each], each) for P, each in points.items()]
    return found


Points = list[tuple[float, float]]


def error_points(runs: Iterable[Outcome], measure: str, moment: int = -1) -> Points:
    """Return the test error and one of `MEASURES` of each run where both exist."""
    pairs = [(each.test_error(moment), each.number(measure, moment)) for each in runs]
    return [(error, value) for error, value in pairs if error is not None and value is not None]


def _correlation(measure: str, among: str, strata: list[Points], points: Points) -> Correlation:
    import numpy as np

    columns = [np.concatenate([_centred([pair[i] for pair in each]) for each in strata]) for i in (0, 1)]
    squares = [float(column @ column) for column in columns]
    known = len(points) >= FEWEST and min(squares) > 0
    rho = float(columns[0] @ columns[1]) / (squares[0] * squares[1]) ** 0.5 if known else None
    return Correlation(measure, among, len(points), len({error for error, _ in points}), rho)


def _centred(values: list[float]) -> Any:
    """Return ranks, ties at their mean, less the mean rank."""
    from scipy.stats import rankdata

    ranks = rankdata(values)
    return ranks - (len(values) + 1) / 2


def _grouped(outcomes: Iterable[Outcome], key: Any) -> list[tuple[Outcome, ...]]:
    groups: dict[str, list[Outcome]] = {}
    for each in outcomes:
        groups.setdefault(json.dumps(key(each)), []).append(each)
    return [tuple(group) for group in groups.values()]
