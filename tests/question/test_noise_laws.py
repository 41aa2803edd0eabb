"""Noise laws: a new one is one class, and a law that states nothing of itself is refused in words."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from scipy.stats import qmc

from solver import (
    FrameTask,
    GaussianNoise,
    InputError,
    Sampling,
    TwoPixelTask,
    construct,
    deformation_energy,
    noise_limits,
    sensitivities,
    sensitivity_formula,
)
from solver.errors import NotApplicableError
from solver.question.noise import Noise
from solver.sensitivity.noise.route import Evaluation
from solver.sensitivity.noise.routes import ROUTES, noise_responses
from solver.sensitivity.noise.sampled.sampling import sampled_noise
from solver.sensitivity.question import Question, canonical_text

TASK = TwoPixelTask(length=8, scale=3)
FEW = Sampling(points=256, replicates=8)


@dataclass(frozen=True, kw_only=True)
class UniformNoise(Noise):
    """eta: iid, uniform on [-a, a], a^2 = 3 sigma^2."""

    properties = frozenset({"independent", "symmetric"})

    def samples(self, engine: qmc.QMCEngine, points: int, length: int) -> np.ndarray:
        return (2 * engine.random(points) - 1) * float(3 * self.variance(length)) ** 0.5


@dataclass(frozen=True, kw_only=True)
class Doubled(GaussianNoise):
    """A Gaussian law that changes what it draws, and states nothing."""

    def samples(self, engine: qmc.QMCEngine, points: int, length: int) -> np.ndarray:
        return 2 * super().samples(engine, points, length)


@pytest.mark.parametrize("task", [TASK, FrameTask(shape=(6, 7), scale=3)])
def test_a_new_law_has_its_linear_and_sampled_values(task: Any) -> None:
    """Second moments are those of any independent law of this variance; other values are sampled."""
    network = construct("uniform", task)
    uniform, gaussian = (Question(network, task, noise=law()) for law in (UniformNoise, GaussianNoise))
    linear = network.with_identity()
    here, there = (noise_responses(replace(question, network=linear)) for question in (uniform, gaussian))
    assert [each.total for each in here] == [each.total for each in there]
    sampled = sampled_noise(linear, task, uniform.noise, dict.fromkeys(range(network.depth + 1)), FEW)
    for k, found in sampled.items():
        assert abs(found.total.estimate - float(here[k].total)) < 5 * found.total.uncertainty + 1e-9
    responses = noise_responses(uniform, Evaluation(sampling=FEW))
    assert [each.total.kind for each in responses[1:]] == ["numeric"] * (network.depth + 1)
    assert float(responses[1].total) != pytest.approx(float(noise_responses(gaussian)[1].total), rel=1e-4)
    found = sensitivities(network, task, noise=UniformNoise(), sampling=FEW)
    text = found.to_text()
    assert "sigma^2 = " in text and ", law UniformNoise" in text and "closed form" not in text
    assert json.loads(found.to_json())["noise"]["law"] == "UniformNoise"
    assert ", law UniformNoise." in found.to_latex()


def test_a_subclass_is_not_served_gaussian_values() -> None:
    network, noise = construct("shift", TASK), Doubled()
    question = Question(network, TASK, noise=noise)
    for k in question.layers:
        for route in ROUTES:
            if route.concerns(question, k):
                assert route.refusal(question, k), (route.name, k)
    calls: list[Any] = [
        lambda: sensitivities(network, TASK, noise=noise),
        lambda: noise_limits(network, TASK, noise=noise),
        lambda: sensitivity_formula("shift", "G", noise=noise),
        lambda: sampled_noise(network, TASK, noise, {1: None}, FEW),
    ]
    for call in calls:
        with pytest.raises(NotApplicableError, match="the noise law Doubled is not stated to be"):
            call()


def test_properties_are_those_that_the_class_itself_states() -> None:
    assert GaussianNoise().lacks("independent", "gaussian", "symmetric") is None
    assert "as likely as its negative" in str(GaussianNoise(rectified=True).lacks("gaussian", "symmetric"))
    assert UniformNoise().lacks("independent") is None and "Gaussian" in str(UniformNoise().lacks("gaussian"))
    assert "independently" in str(Doubled().lacks("independent"))


def test_a_law_keeps_its_class_where_the_energy_is_put_in() -> None:
    question = Question(construct("shift", TASK), TASK, noise=UniformNoise(energy="exact"))
    assert question.noise == UniformNoise(energy=deformation_energy(TASK, question.deformation))
    assert question.noise.variance(8) == Fraction(question.noise.energy) / 8
    with pytest.raises(InputError, match="positive rational"):
        UniformNoise(energy=-1)


def test_texts_name_the_class_and_every_field() -> None:
    laws = (GaussianNoise(), GaussianNoise(rectified=True), UniformNoise(), Doubled())
    texts = [canonical_text(each) for each in (*laws, TASK)]
    assert len(set(texts)) == 5
    assert json.loads(texts[1]) == ["GaussianNoise", {"energy": "8/3", "rectified": "True"}]
    assert json.loads(texts[4])[0] == "TwoPixelTask" and json.loads(texts[4])[1]["length"] == "8"
