"""What docs/trained.md states in words and numbers is what the kept runs give."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import pytest

from solver.report.documents.outcomes import read_outcomes
from solver.train.outcomes import Outcome, correlations, families
from solver.train.record import read_record

ROOT = Path(__file__).resolve().parents[2]
TEXT = " ".join((ROOT / "docs" / "trained.md").read_text(encoding="utf-8").split())
TRAINED = ROOT / "examples" / "trained"
KEPT = read_outcomes(TRAINED / "histories.json")
ADAM, SGD, TASK_1, TASK_2 = families(KEPT)
SLIDES = (*ADAM, *SGD)


def layers(run: Outcome, quantity: str, moment: int = -1) -> list[float]:
    """A quantity of a run, from the image to the output."""
    return [float(getattr(layer, quantity)) for layer in run.moments[moment].layers]


def shuffled(run: Outcome) -> list[float]:
    """D with channels shuffled over D."""
    return [a / b for a, b in zip(layers(run, "D_shuffled"), layers(run, "D"), strict=True)]


def medians(runs: Sequence[Outcome], values: Callable[[Outcome], list[float]]) -> list[float]:
    """The median over runs of each layer."""
    return [median(column) for column in zip(*map(values, runs), strict=True)]


def of(runs: Sequence[Outcome], quantity: str, moment: int = -1) -> list[float]:
    """The same of a quantity."""
    return medians(runs, lambda run: layers(run, quantity, moment))


def written(values: Sequence[float], digits: int = 2) -> str:
    """Numbers as the page writes them."""
    return ", ".join(f"{value:.{digits}f}" for value in values)


def split(runs: Sequence[Outcome], error: float = 0.1) -> tuple[list[Outcome], list[Outcome]]:
    """Those that end below a test error, and the others."""
    low = [run for run in runs if (run.test_error() or 0) < error]
    return low, [run for run in runs if run not in low]


def says(*fragments: str) -> None:
    """Demand that the page holds all of these."""
    for each in fragments:
        assert each in TEXT, each


def test_runs() -> None:
    assert [len(family) for family in (ADAM, SGD, TASK_1, TASK_2)] == [16, 3, 9, 12] and len(KEPT) == 40
    assert all(read_record(TRAINED / f"{run.name}.zip").finished == "zero loss" for run in KEPT)
    sizes = [sorted({run.training.images for run in family}) for family in (ADAM, SGD, TASK_1, TASK_2)]
    assert sizes == [[6, 10, 16, 64], [64], [64, 128, 256], [16, 32, 64, 128]]


def test_frequencies() -> None:
    before, after = (of(ADAM, "filter_frequency", moment)[1:-1] for moment in (0, -1))
    says(f"in the median from {written(before)} to {written(after)}")
    for run in ADAM:
        first, last = (layers(run, "filter_frequency", moment)[1:-1] for moment in (0, -1))
        assert all(b < a for a, b in zip(first, last, strict=True)) and min(last) > 0.1
    second = {run.training.images: run for run in ADAM if run.training.seed == 2}
    says(*(f"{written(layers(second[P], 'filter_frequency')[1:-1])} at P = {P}" for P in (6, 64)))
    solved = {s: all(r.test_error() == 0 for r in ADAM if r.training.seed == s) for s in range(4)}
    assert [seed for seed, all_zero in solved.items() if all_zero] == [2]


def test_frequencies_with_strides() -> None:
    ends = [[of(part, "filter_frequency")[1] for part in split(family)] for family in (TASK_1, TASK_2)]
    start = {f"{of(family, 'filter_frequency', 0)[1]:.2f}" for family in (TASK_1, TASK_2)}
    assert start == {"0.84"}
    (low, high), (low_2, high_2) = ends
    says(f"layer 1 goes from 0.84 to {low:.2f} in the networks of Task 1", f"and to {high:.2f} in the others")
    says(f"in Task 2 to {low_2:.2f} and {high_2:.2f}")


def test_hand_built_networks_and_the_optimum() -> None:
    from solver.plots.outcomes import by_hand
    from solver.plots.training import least_deformations

    uniform, shift = ([float(layer.D) for layer in each.layers] for each in by_hand(ADAM[0].training))
    trained, least = of(ADAM, "D"), list(least_deformations(ADAM[0].training).values())
    says(f"{written(trained[1:4])} in the median, where `uniform` has {written(uniform[1:4])} and")
    says(f"`shift` {written(shift[1:4])}.", f"least D of a linear layer ({written(least)})")
    assert all(u < t < s for u, t, s in zip(uniform[1:4], trained[1:4], shift[1:4], strict=True))
    assert all(layers(run, "D")[k] > least[k - 1] for run in SLIDES for k in (1, 2, 3))
    ends = [layers(run, "D")[-1] for run in SLIDES]
    says(f"D_f is {min(ends):.3f} to {max(ends):.3f}", f"for both hand-built networks it is {uniform[-1]:.3f}")
    assert uniform[-1] == shift[-1]


def test_noise_of_the_output() -> None:
    from solver.plots.outcomes import by_hand

    ends = [layers(run, "G")[-1] for run in SLIDES]
    uniform, shift = (float(each.layers[-1].G) for each in by_hand(ADAM[0].training))
    says(f"{min(ends):.2f} to {max(ends):.2f} for the networks trained, {uniform:.0f} for `uniform`, {shift:.0f} for")


def test_correlations() -> None:
    rho = {
        (name, each.measure, each.among): f"{each.rho:.2f}"
        for name, family in (("slides", ADAM), ("1", TASK_1), ("2", TASK_2))
        for each in correlations(family)
        if each.rho is not None
    }
    overall = [[rho[task, "R_f", among] for task in ("1", "2")] for among in ("all", "within P")]
    says(f"{' and '.join(overall[0])} over all runs, {' and '.join(overall[1])} within P")
    says(f"({rho['1', 'G_f', 'all']}, {rho['2', 'G_f', 'all']})")
    says(f"{rho['slides', 'R_f', 'all']} over all runs, {rho['slides', 'R_f', 'within P']} within P")
    erring = {run.training.images for run in ADAM if run.test_error()}
    assert sum(bool(run.test_error()) for run in ADAM) == 4 and erring == {6, 10}
    says(f"slides' networks is {of(ADAM, 'R', 0)[-1]:.4f} in the median")
    assert all(layers(run, "R")[-1] > layers(run, "R", 0)[-1] for run in SLIDES)


def test_noise_through_the_layers() -> None:
    image, *hidden, output = of(ADAM, "G")
    says(f"G goes from {image:.2f} at the image to {written(hidden)} in the layers and {output:.2f} at the output")
    says(f"Before training it is {of(ADAM, 'G', 0)[-1]:.0f} at the output")
    assert not any(sorted(layers(run, "G")[:-1]) == layers(run, "G")[:-1] for run in KEPT)
    low, high = (of(part, "G") for part in split(TASK_1))
    says(f"(Task 1: {written(low[2:6])} in layers 2 to 5, {low[-1]:.2f} at the output)")
    says(f"({written(high[2:6])}; {high[-1]:.2f})")


def test_shuffling() -> None:
    ratios = medians(ADAM, shuffled)
    says(f"Slides: {written(ratios[1:4])} in the layers", f"{ratios[-1]:.2f} at the output")
    single = [value for run in ADAM for value in shuffled(run)[1:4]]
    says(f"(between {min(single):.2f} and {max(single):.2f} in single networks)")
    (low, high), (low_2, high_2) = ([medians(part, shuffled)[2:6] for part in split(f)] for f in (TASK_1, TASK_2))
    says(f"Task 1: {written(low)} in layers 2 to 5", f"and {written(high)} in the others")
    says(f"Task 2: {written(low_2)}, and {written(high_2)}.")


def test_what_does_not_fit() -> None:
    low, high = split(ADAM)
    assert (len(low), len(high)) == (13, 3)
    says(f"*lower* frequencies ({written(of(high, 'filter_frequency')[1:-1])})")
    says(f"hidden layers ({written(of(high, 'D')[1:-1])})")
    says(f"({written(of(low, 'filter_frequency')[1:-1])}; {written(of(low, 'D')[1:-1])})")


def test_a_changed_number_is_caught() -> None:
    with pytest.raises(AssertionError):
        says("in the median from 0.00")
