"""Every route to D and to G: what it calls itself, where it applies, and that all that apply agree."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from solver import Deformation, FrameTask, GaussianNoise, Layer, Network, Sampling, TwoPixelTask, construct
from solver.citations.citation import entries
from solver.report.report import Report
from solver.report.writers.json import report_object
from solver.sensitivity.deformation.routes import DEFORMATION_ROUTES, DeformationRoute
from solver.sensitivity.noise.closed import CLOSED_ROUTES
from solver.sensitivity.noise.methods import METHODS
from solver.sensitivity.noise.response import NoiseResponse
from solver.sensitivity.noise.route import Evaluation, Route
from solver.sensitivity.noise.routes import ROUTES
from solver.sensitivity.noise.sampled.sampling import SAMPLED
from solver.sensitivity.noise.sampled.scaled import SCALED
from solver.sensitivity.question import Question
from solver.sensitivity.sensitivities import answer
from solver.values import ExactValue, Value
from tests.question.test_noise_laws import UniformNoise

RING, LONGER, FRAME = (
    TwoPixelTask(length=8, scale=3),
    TwoPixelTask(length=12, scale=5),
    FrameTask(shape=(6, 6), scale=3),
)
PLAIN, RECTIFIED = GaussianNoise(), GaussianNoise(rectified=True)
HOW = Evaluation(sampling=Sampling(points=256, replicates=16))


def chain(*filters: list[Any], activation: str = "relu") -> Network:
    """Layers of one channel; the last is a ReLU of bias -1, and the output its sum."""
    hidden = [Layer(filters=[[each]], activation=activation) for each in filters[:-1]]
    return Network(layers=[*hidden, Layer(filters=[[filters[-1]]], bias=[-1])], pooling="sum")


CASES = {
    "uniform": Question(construct("uniform", RING), RING),
    "uniform, rectified noise": Question(construct("uniform", RING), RING, noise=RECTIFIED),
    "uniform, five": Question(construct("uniform", LONGER), LONGER),
    "shift": Question(construct("shift", RING), RING),
    "shift, five": Question(construct("shift", LONGER), LONGER),
    "shift, rectified noise": Question(construct("shift", RING), RING, noise=RECTIFIED),
    "shift-mixed, channel mean": Question(construct("shift-mixed", RING), RING, channel_mean=True),
    "strided-shift": Question(construct("strided-shift", RING), RING),
    "mirror": Question(construct("uniform", RING), RING, deformation=Deformation(law="mirror")),
    "frame": Question(construct("uniform", FRAME), FRAME),
    "frame, rectified noise": Question(construct("uniform", FRAME), FRAME, noise=RECTIFIED),
    "box": Question(Network(layers=[Layer(filters=[[[1, 1, 1]]])], pooling="sum"), RING),
    "wide box": Question(chain([1, 2, 3, 2, 1]), RING),
    "identity": Question(construct("uniform", RING).with_identity(), RING),
    "three layers": Question(chain([1, 1], [1, 1], [1, 1]), LONGER),
    "signs": Question(chain([1, 1], [2, -1]), RING),
    "weak noise": Question(chain([1, 1], [2, -1]), RING, noise=GaussianNoise(energy=Fraction(1, 10**7))),
    "independent": Question(chain([1], [1, 1, 1]), RING),
    "noise that is not Gaussian": Question(construct("shift", LONGER), LONGER, noise=UniformNoise()),
    "hard tanh": Question(chain(["1/3", "1/3", "1/3"], [1, 1, 1], activation="hardtanh"), RING),
}
"""Small questions, a few for each route."""

LAYERS = [pytest.param(name, k, id=f"{name}, {k}") for name, each in CASES.items() for k in each.layers]


def applying(name: str, layer: int) -> list[Route]:
    """The routes that are about a layer and do not refuse it."""
    question = CASES[name]
    return [each for each in ROUTES if each.concerns(question, layer) and each.refusal(question, layer) is None]


def bounded(value: Value, times: int = 1) -> tuple[Fraction, Fraction]:
    """A value and so many times its error; at least what float64 rounds."""
    number, error = map(Fraction, value.bounded(15))
    return number, times * error + abs(number) / 10**13


def assert_same(one: Value, other: Value, times: int) -> None:
    """Exact values are equal; others are within the sum of their errors."""
    if isinstance(one, ExactValue) and isinstance(other, ExactValue):
        assert one.exact == other.exact
    (a, error), (b, slack) = bounded(one), bounded(other, times)
    assert abs(a - b) <= error + slack, (one, other)


# What routes call themselves


def test_method_takes_the_names_of_the_routes_that_can_be_forced() -> None:
    forced = [each.name for each in ROUTES if each not in CLOSED_ROUTES]
    assert list(METHODS) == ["auto", "deterministic", *dict.fromkeys(forced)]
    assert not METHODS.keys() & {each.name for each in CLOSED_ROUTES}
    assert all(name.isalpha() and name.islower() for name in [*METHODS, *(each.name for each in ROUTES)])


@pytest.mark.parametrize("routes", [ROUTES, DEFORMATION_ROUTES], ids=["G", "D"])
def test_what_a_report_prints_tells_routes_apart(routes: tuple[Route | DeformationRoute, ...]) -> None:
    assert len({each.method for each in routes}) == len(routes)


@pytest.mark.parametrize("route", [*ROUTES, *DEFORMATION_ROUTES], ids=lambda each: each.method)
def test_sources_and_derivations_of_a_route_exist(route: Route | DeformationRoute) -> None:
    derivations = Path(__file__).parents[3] / "derivations"
    scripts = (derivations / "order.txt").read_text().split()
    assert set(route.sources) <= set(entries())
    assert {each.script for each in route.proofs} <= set(scripts)


# Where they apply


@pytest.mark.parametrize(("name", "layer"), LAYERS)
def test_routes_refuse_in_words_and_no_two_have_one_name(name: str, layer: int) -> None:
    question = CASES[name]
    concerned = [each for each in ROUTES if each.concerns(question, layer)]
    names = [each.name for each in concerned]
    assert len(set(names)) == len(names) and concerned[-1] is SAMPLED
    for route in (*concerned, *DEFORMATION_ROUTES):
        why = route.refusal(question, layer)
        assert why is None or (why.strip() == why != "" and "\n" not in why)
        if why is None and isinstance(route, Route):
            assert route.cost(question, layer) >= 0


def test_every_route_applies_somewhere_and_is_refused_somewhere() -> None:
    places = [(question, k) for question in CASES.values() for k in question.layers]
    found = {each: [each.refusal(*at) for at in places if each.concerns(*at)] for each in ROUTES}
    found |= {each: [each.refusal(*at) for at in places] for each in DEFORMATION_ROUTES}
    never_refused = {SAMPLED, *DEFORMATION_ROUTES[1:]}
    for route, answers in found.items():
        assert None in answers, route.method
        assert (set(answers) == {None}) == (route in never_refused), route.method


# That they agree


@pytest.mark.parametrize(("name", "layer"), LAYERS)
def test_all_routes_that_apply_agree(name: str, layer: int) -> None:
    question = CASES[name]
    routes = applying(name, layer)
    found: list[NoiseResponse[Value]] = [each.response(question, layer, HOW) for each in routes]
    for (_, one), (route, other) in combinations(zip(routes, found, strict=True), 2):
        for part in ("total", "coherent", "incoherent"):
            assert_same(getattr(one, part), getattr(other, part), 5 if route in (SAMPLED, SCALED) else 1)


@pytest.mark.parametrize("name", CASES)
def test_all_routes_of_deformations_agree(name: str) -> None:
    question = CASES[name]
    truth = DEFORMATION_ROUTES[-1].moments(question, question.layers)
    for route in DEFORMATION_ROUTES[:-1]:
        layers = [k for k in question.layers if route.refusal(question, k) is None]
        moments = route.moments(question, layers)
        assert {k: moments[k] for k in layers} == {k: truth[k] for k in layers}


# What a report says of them


@pytest.mark.parametrize("name", CASES)
def test_an_answer_says_why_no_stronger_route_was_taken(name: str) -> None:
    question = CASES[name]
    found = answer(question, Evaluation(method="sampling", sampling=Sampling(points=16, replicates=2)))
    report = report_object(Report((found,)), 6, why=True)["networks"][0]["layers"]
    text = " ".join(Report((found,)).to_text(digits=6, why=True).split())
    for layer, chosen, shown in zip(question.layers, found.why, report, strict=True):
        concerned = {
            "D": [(each, each.method) for each in DEFORMATION_ROUTES],
            "G": [(each, each.name) for each in ROUTES if each.concerns(question.reduced, layer)],
        }
        assert list(chosen) == list(shown["routes"]) == ["D", "G"]
        for quantity, choice in chosen.items():
            routes = [each for each, _ in concerned[quantity]]
            stronger = concerned[quantity][: routes.index(choice.route)]
            assert [refused for refused, _ in choice.refused] == [word for _, word in stronger]
            for (route, _), (_, why) in zip(stronger, choice.refused, strict=True):
                forced = route in ROUTES and route not in CLOSED_ROUTES
                assert why == ("method 'sampling' was asked for" if forced else route.refusal(question.reduced, layer))
            listed = [(each["route"], each["why"]) for each in shown["routes"][quantity]["refused"]]
            assert tuple(listed) == choice.refused
            refusals = " ".join(["", *(f"not {word}: {why}" for word, why in choice.refused)])
            assert f": {choice.route.method}{refusals}" in text
            assert choice.route.refusal(question.reduced, layer) is None
