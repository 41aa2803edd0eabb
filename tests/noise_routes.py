"""Noise responses by one route that is named, whatever a report would choose."""

from __future__ import annotations

from typing import Any

from solver import GaussianNoise, Network, TwoPixelTask
from solver.errors import NotApplicableError
from solver.sensitivity.noise.ball_sum import BallSum
from solver.sensitivity.noise.response import NoiseResponse
from solver.sensitivity.noise.route import Evaluation
from solver.sensitivity.noise.routes import ROUTES
from solver.sensitivity.noise.series import ball_sum
from solver.sensitivity.question import Question


def layer_series(
    network: Network, task: TwoPixelTask, noise: GaussianNoise, layer: int, *, channel_mean: bool = False
) -> BallSum:
    """The response of a layer by the series."""
    return ball_sum(Question(network, task, noise=noise, channel_mean=channel_mean), layer)


def output_series(network: Network, task: TwoPixelTask, noise: GaussianNoise) -> BallSum:
    """The response of f_p by the series."""
    return layer_series(network, task, noise, network.depth + 1)


def layer_transfer(
    network: Network,
    task: TwoPixelTask,
    noise: GaussianNoise,
    layer: int,
    *,
    channel_mean: bool = False,
    progress: Any = None,
) -> NoiseResponse[Any]:
    """The response of a layer by the transfer operator that is for it; a refusal is raised."""
    question = Question(network, task, noise=noise, channel_mean=channel_mean)
    (route,) = (each for each in ROUTES if each.name == "transfer" and each.concerns(question, layer))
    why = route.refusal(question, layer)
    if why is not None:
        raise NotApplicableError(why)
    return route.response(question, layer, Evaluation(progress=progress))


def output_transfer(
    network: Network, task: TwoPixelTask, noise: GaussianNoise, *, progress: Any = None
) -> NoiseResponse[Any]:
    """The response of f_p by the transfer operator that is for it."""
    return layer_transfer(network, task, noise, network.depth + 1, progress=progress)
