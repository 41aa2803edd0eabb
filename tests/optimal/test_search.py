"""The search beyond the linear regime: its objective, its bounds, what it finds, and the networks that carry it."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
import pytest
import sympy
from flint import fmpq, fmpq_mat
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import eigh

from solver import (
    Deformation,
    GaussianNoise,
    InputError,
    Layer,
    Network,
    TwoPixelTask,
    best_deformation,
    check_claim,
    response,
)
from solver.cli import main
from solver.constructions.side_channels import with_side_channels
from solver.errors import MissingDependencyError, SolverError
from solver.network.trace import activations
from solver.optimal.any_map import least_of_any_map, window_forms
from solver.sensitivity.deformation.distances import distance_moments
from solver.sensitivity.deformation.moments import image_moments
from solver.sensitivity.sensitivities import sensitivities
from tests.strategies import DYADICS, deformations, tasks

torch = pytest.importorskip("torch")

from solver.optimal import search as search_module  # noqa: E402
from solver.optimal.search import SearchResult, search_deformation  # noqa: E402
from solver.optimal.torch_deformation import DeformationObjective  # noqa: E402

TASK = TwoPixelTask(length=16, scale=7)
SATURATING = Layer(filters=[[[-14, -20, -14]]], bias=[33])


@pytest.fixture(scope="module")
def found() -> SearchResult:
    return search_deformation(TASK, 2, channels=2, restarts=2, steps=60)


def quotient(moments: Any) -> Any:
    return moments.change / moments.spread


def as_tensors(layers: Any) -> tuple[list[Any], list[Any]]:
    filters = [torch.tensor(np.array(each.filters, dtype=object).astype(float)) for each in layers]
    return filters, [torch.tensor([float(b) for b in each.bias], dtype=torch.float64) for each in layers]


def lower(value: Any) -> Fraction:
    middle, error = (Fraction(v) for v in value.bounded(25))
    return middle - error


def random_layers(draw: Any, depth: int = 2) -> list[Layer]:
    channels = [1, *(draw(st.integers(1, 2)) for _ in range(depth))]
    taps = st.lists(DYADICS, min_size=3, max_size=3)
    return [
        Layer(
            filters=[[draw(taps) for _ in range(channels[k])] for _ in range(channels[k + 1])],
            bias=[draw(DYADICS) for _ in range(channels[k + 1])],
        )
        for k in range(depth)
    ]


@given(st.data(), tasks(lengths=st.integers(6, 10)).filter(lambda task: task.period == 1), deformations())
def test_objective_equals_the_engine(data: Any, task: TwoPixelTask, deformation: Deformation) -> None:
    layers = random_layers(data.draw)
    moments = distance_moments(Network(layers=layers), task, deformation)[2]
    value = float(DeformationObjective(task, deformation)(*as_tensors(layers)))
    if moments.spread:
        assert value == pytest.approx(float(quotient(moments)), rel=1e-9, abs=1e-12)


@given(st.data(), tasks(lengths=st.integers(7, 8)).filter(lambda task: task.period == 1), deformations())
@settings(max_examples=15)
def test_no_network_is_below_the_bound_of_any_map(data: Any, task: TwoPixelTask, deformation: Deformation) -> None:
    moments = image_moments(Network(layers=random_layers(data.draw, depth=1)), task, deformation)[1]
    if moments.spread:
        assert quotient(moments) >= lower(least_of_any_map(3, task, deformation))


@pytest.mark.parametrize("collisions", ["add", "merge", "reject"])
@pytest.mark.parametrize("distances", ["pairs", "balanced"])
def test_forms_are_those_of_a_random_function_of_the_window(collisions: str, distances: str) -> None:
    """A table of random numbers, as a map on every image and every outcome."""
    from solver.question.deformation import deformation_outcomes

    task, deformation = TwoPixelTask(length=9, scale=4, distances=distances), Deformation(collisions=collisions)
    forms, rng = window_forms(3, task, deformation), np.random.default_rng(0)
    table = {c: int(v) for c, v in zip(forms.contents, rng.integers(-9, 9, len(forms.contents)), strict=True)}
    table[(0, 0, 0)] = 0

    def mapped(image: np.ndarray) -> np.ndarray:
        return np.array([table[tuple(int(v) for v in np.roll(image, -p)[:3])] for p in range(9)], dtype=object)

    displacement, square, mean = Fraction(0), Fraction(0), np.zeros(9, dtype=object)
    for i, j, weight in task.pairs():
        a = mapped(task.image(i, j))
        square, mean = square + weight * (a @ a), mean + weight * a
        for moved, p in deformation_outcomes(task, deformation, i, j):
            displacement += weight * p * sum((mapped(moved) - a) ** 2)
    column = fmpq_mat(len(table) - 1, 1, [fmpq(table[c]) for c in forms.contents])
    seen = fmpq_mat(forms.denominator.nrows(), 1, column.entries()[: forms.denominator.nrows()])
    for form, vector, plain in (
        (forms.numerator, column, displacement),
        (forms.denominator, seen, 2 * (square - mean @ mean)),
    ):
        assert (vector.transpose() * form * vector)[0, 0] == fmpq(plain.numerator, plain.denominator)


@pytest.mark.parametrize("taps", [1, 3, 5])
def test_any_map_is_at_most_the_linear_least_and_close_on_long_rings(taps: int) -> None:
    gains = []
    for length in (16, 32, 64):
        task = TwoPixelTask(length=length, scale=7)
        linear, least = (float(f(taps, task).value if f is best_deformation else f(taps, task)) for f in BOUNDS)
        gains.append(1 - least / linear)
    assert all(g >= -1e-12 for g in gains)
    assert taps == 1 or (gains[1] < 0.6 * gains[0] and gains[2] < 0.6 * gains[1])


BOUNDS: tuple[Any, Any] = (best_deformation, least_of_any_map)


def test_a_saturating_unit_is_below_every_linear_layer() -> None:
    """ReLU(33 - (14, 20, 14) * x), by enumeration of every image and outcome."""
    task = TwoPixelTask(length=32, scale=7)
    D = quotient(image_moments(Network(layers=[SATURATING]), task, Deformation())[1])
    assert Fraction(1755902, 7989813) == D
    linear = best_deformation(3, task).value
    assert linear.kind == "exact" and linear.exact is not None and linear.exact > D  # type: ignore[operator]
    assert lower(least_of_any_map(3, task)) < D


def test_linear_search_reaches_the_linear_least() -> None:
    for layer in (1, 2):
        result = search_deformation(TASK, layer, restarts=1, steps=100, linear=True)
        assert lower(result.linear) <= result.least < Fraction(101, 100) * lower(result.linear)
        assert result.cuts == (False,) * layer


def test_search_of_a_unit_finds_the_least_of_all_cones() -> None:
    """The least over all polyhedral cones of filters and bias, from the critical points of D on each of their faces."""
    task = TwoPixelTask(length=32, scale=7)
    result = search_deformation(task, 1, restarts=8)
    assert result.cuts == (True,)
    positive, negative = least_of_one_unit(task)
    assert float(result.least) == pytest.approx(positive, rel=1e-6)
    assert negative == pytest.approx(float(result.linear), rel=1e-9)


def test_the_best_unit_has_the_least_root_of_a_cubic() -> None:
    """D of ReLU(b - (w, v, w) * x) as a quotient of two forms in (w, v, b), while z keeps its signs."""
    task, deformation = TwoPixelTask(length=32, scale=7), Deformation()
    forms, root = window_forms(3, task, deformation), sympy.Symbol("D")
    rows = []
    for content in forms.contents:
        row = [content[0] + content[2], content[1]]
        fires = 426 * row[0] + 610 * row[1] < 1000
        rows.append([-row[0], -row[1], 0] if fires else [0, 0, -1])
    table, seen = sympy.Matrix(rows), forms.denominator.nrows()
    numerator, denominator = (
        sympy.Matrix([[sympy.Rational(int(v.p), int(v.q)) for v in row] for row in form.tolist()])
        for form in (forms.numerator, forms.denominator)
    )
    pencil = table.T * numerator * table - root * table[:seen, :].T * denominator * table[:seen, :]
    cubic = sympy.Poly(2133549720 * root**3 - 4089313026 * root**2 + 2144157525 * root - 296356528, root)
    assert sympy.Poly(pencil.det(), root).monic() == cubic.monic()
    least = sympy.real_roots(cubic)[0]
    assert float(least) == pytest.approx(least_of_one_unit(task)[0], rel=1e-12)
    assert 0 < quotient(distance_moments(Network(layers=[SATURATING]), task, deformation)[1]) - least < 1e-5


@cache
def least_of_one_unit(task: TwoPixelTask) -> tuple[float, float]:
    """The least D over units with a bias of at least 0, and over those with one of at most 0.

    Where a direction of a face leaves the map as it is, its critical points count whether they are in the cone or not.
    """
    forms = window_forms(3, task, Deformation())
    numerator = np.array(forms.numerator.tolist(), dtype=object).astype(float)
    denominator = np.zeros_like(numerator)
    seen = forms.denominator.nrows()
    denominator[:seen, :seen] = np.array(forms.denominator.tolist(), dtype=object).astype(float)
    planes = np.array([(*c, 1) for c in ((0, 0, 0), *forms.contents)], dtype=float)
    rng = np.random.default_rng(0)
    points = rng.normal(size=(200_000, 4)) * np.repeat([[1, 1, 1, s] for s in (0.1, 0.3, 1, 3)], 50_000, axis=0)
    cones = np.unique(points @ planes.T > 0, axis=0)
    assert len(cones) == count_of_cones(planes)
    least = {True: np.inf, False: np.inf}
    for face in faces(planes):
        for cone in cones:
            table = (planes * cone[:, None])[1:] - planes[0] * cone[0]
            spans = table @ face
            used = np.linalg.svd(spans)[2][: np.linalg.matrix_rank(spans, tol=1e-9)].T
            if not used.size:
                continue
            basis = face @ used
            values, vectors = eigh(*(basis.T @ table.T @ m @ table @ basis for m in (denominator, numerator)))
            for value, vector in zip(values, (basis @ vectors).T, strict=True):
                sides = planes @ (vector / np.abs(vector).max())
                inside = used.shape[1] < face.shape[1] or any(
                    ((s * sides >= -1e-9) | ~cone).all() and ((s * sides <= 1e-9) | cone).all() for s in (1, -1)
                )
                if value > 1e-9 and inside:
                    least[bool(cone[0])] = min(least[bool(cone[0])], 1 / value)
    return least[True], least[False]


def count_of_cones(planes: np.ndarray) -> int:
    """The regions of an arrangement: sum over sets S of planes of (-1)^(|S| - rank S) (Zaslavsky, Whitney)."""
    sets = [list(chosen) for size in range(1, len(planes) + 1) for chosen in combinations(range(len(planes)), size)]
    return 1 + sum((-1) ** (len(chosen) - int(np.linalg.matrix_rank(planes[chosen]))) for chosen in sets)


def faces(planes: np.ndarray) -> list[np.ndarray]:
    """Bases of the intersections of up to three of the planes."""
    found = {(): np.eye(4)}
    for count in (1, 2, 3):
        for chosen in combinations(range(len(planes)), count):
            normals = planes[list(chosen)]
            basis = np.linalg.svd(normals)[2][np.linalg.matrix_rank(normals) :].T
            found[tuple(np.flatnonzero(np.abs(planes @ basis).max(axis=1) < 1e-9))] = basis
    return list(found.values())


def test_the_same_seed_finds_the_same(found: SearchResult) -> None:
    again = search_deformation(TASK, 2, channels=2, restarts=2, steps=60)
    assert again.attempts == found.attempts
    assert search_deformation(TASK, 2, channels=2, restarts=2, steps=60, seed=1).attempts != found.attempts


def test_what_is_reported_is_what_the_engine_says(found: SearchResult) -> None:
    alone = Network(layers=found.best.layers)
    full = found.completed()
    for network, reported in ((alone, found.least), (full, found.least_completed())):
        assert (
            sensitivities(network, TASK, deformation=Deformation(), noise=GaussianNoise(), quantities=("D",))[2].D.exact
            == reported
        )
    assert quotient(image_moments(alone, TASK, Deformation())[2]) == found.least
    assert found.best.searched == pytest.approx(float(found.least), rel=1e-4)
    assert lower(found.any_map) <= found.least


def test_the_completed_network_keeps_the_output_and_the_map(found: SearchResult) -> None:
    full, (images, _) = found.completed(), TASK.images()
    assert check_claim(full, TASK) == {}
    distances = [min(j - i, 16 - (j - i)) if j > i else min(i - j, 16 - (i - j)) for i, j, _ in TASK.pairs()]
    assert response(full, images) == [max(7 - d, 0) for d in distances]
    maps, alone = activations(full, images), activations(Network(layers=found.best.layers), images)
    for k in (1, 2):
        assert (maps[k].exact()[:, :2] == alone[k].exact()).all()


def test_faint_channels_fade() -> None:
    limit = quotient(distance_moments(Network(layers=[SATURATING]), TASK, Deformation())[1])
    last = None
    for amplitude in (1, Fraction(1, 10), Fraction(1, 1000)):
        network = with_side_channels(TASK, [SATURATING], amplitude)
        assert check_claim(network, TASK) == {} and network.channels == (4, 5, 1)
        distance = abs(quotient(distance_moments(network, TASK, Deformation())[1]) - limit)
        assert last is None or distance < last / 50
        last = distance


def test_a_broken_completion_is_noticed() -> None:
    network = with_side_channels(TASK, [SATURATING], 1)
    filters = [[list(taps) for taps in channel] for channel in network.layers[1].filters]
    filters[0][0][1] = 1
    layers = (network.layers[0], Layer(filters=filters), network.layers[2])
    assert check_claim(Network(layers=layers, readout=network.readout, claim=network.claim), TASK)


def test_bad_input() -> None:
    with pytest.raises(InputError, match="hidden layer, 1 to 2, got 3"):
        search_deformation(TASK, 3)
    with pytest.raises(InputError, match="restarts"):
        search_deformation(TASK, 1, restarts=0)
    for layers in ([], [SATURATING] * 3, [Layer(filters=[[[1, 1]]])], [Layer(filters=[[[1, 1, 1]]], stride=2)]):
        with pytest.raises(InputError, match=r"layers: expected (1 to 2|filter size 3)"):
            with_side_channels(TASK, layers, 1)
    with pytest.raises(InputError, match="fewer than the 16 sites"):
        least_of_any_map(16, TASK)
    with pytest.raises(InputError, match="every window shows a pixel"):
        least_of_any_map(15, TASK)
    with pytest.raises(InputError, match="labels: the search keeps"):
        search_deformation(replace(TASK, scale=4, labels="blocks"), 1)
    with pytest.raises(InputError, match="balanced blocks of 4 sites depend on the place"):
        least_of_any_map(3, replace(TASK, scale=4, labels="blocks", distances="balanced"))


def test_dead_maps_are_said_to_be_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    dead = [(np.zeros((1, 1, 3)), np.zeros(1))]
    monkeypatch.setattr(search_module, "starting_weights", lambda *_: dead)
    with pytest.raises(SolverError, match="all 2 descents ended in a map that is the same for every image"):
        search_deformation(TASK, 1, restarts=2, steps=1)


def test_without_torch_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingDependencyError, match=r"adaptive-pooling-solver\[torch\]"):
        search_deformation(TASK, 1, restarts=1)


def test_command(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["search", "--length", "16", "--layer", "1", "--restarts", "2", "--steps", "40"]
    printed = []
    for form in ("json", "json", "text"):
        with pytest.raises(SystemExit) as stopped:
            main([*arguments, "--format", form])
        assert stopped.value.code == 0
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
    content = json.loads(printed[0])
    layers = [Layer(filters=each["filters"], bias=each["bias"]) for each in content["layers"]]
    D = quotient(distance_moments(Network(layers=layers), TASK, Deformation())[1])
    assert content["schema"] == "solver.search/1" and content["least_found"]["exact"] == str(D)
    assert content["completed"]["claim_holds"] is True and len(content["descents"]) == 2
    assert "f_p = ReLU(xi - d): exactly" in printed[2] and str(content["least_found"]["value"]) in printed[2]
