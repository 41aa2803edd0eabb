"""The images that represent an ensemble for a network: under a deformation, under noise, or every pair of pixels."""

from __future__ import annotations

from math import lcm

from solver.errors import InputError
from solver.network.network import Network
from solver.question.deformation import Deformation
from solver.question.ensemble import Representatives, representatives
from solver.question.pairs import Task


def network_representatives(network: Network, task: Task, deformation: Deformation) -> Representatives:
    """Return the pairs that represent the ensemble for every layer of a network, plain and deformed."""
    stride = checked_stride(network, task)
    sight = network.receptive_field(network.depth) + stride + 2 * deformation.reach
    symmetric = task.axes > 1 and network.is_symmetric and deformation.is_symmetric_on(task.axes)
    return representatives(task, sight, phases=lcm(stride, task.period), symmetric=symmetric)


def noise_representatives(network: Network, task: Task) -> Representatives:
    """Return the pairs that represent the ensemble for the noise response of every layer and of the readout.

    Two units whose noises are correlated are less than a receptive field apart, so together they see
    less than two receptive fields: pairs farther apart than that form one class.  With strides units are a
    multiple of the stride apart; where windows do not overlap, no two are correlated.
    """
    stride = checked_stride(network, task)
    sight = 2 * (network.receptive_field(network.depth) + 1)
    if stride > 1:
        fields = [(network.receptive_field(k), network.total_stride(k)) for k in range(1, network.depth + 1)]
        sight = max((field - 1) // between * between + field for field, between in fields)
    return representatives(
        task, sight, phases=lcm(stride, task.period), symmetric=task.axes > 1 and network.is_symmetric
    )


def every_pair(network: Network, task: Task, *, period: int = 1, sight: int = 1) -> Representatives:
    """Return representatives of every pair of sites, whether or not the ensemble keeps its displacement."""
    stride = checked_stride(network, task)
    sight = max(network.receptive_field(network.depth) + stride, sight)
    return representatives(task.everywhere, sight, phases=lcm(stride, period))


def checked_stride(network: Network, task: Task) -> int:
    """Return the total stride of a network that fits on the task.

    Raises
    ------
    InputError
        If a stride does not divide the ring, or the network is for another number of axes.
    """
    check_axes(network, task)
    if network.axes == 1:
        network.output_length(task.sites, network.depth)
    return network.total_stride(network.depth)


def check_axes(network: Network, task: Task) -> None:
    """Refuse a network for another number of axes than the task has."""
    if network.axes != task.axes:
        places = {1: "a ring", 2: "a frame"}
        raise InputError(
            f"network {network.name!r} has filters for {places[network.axes]}, the task is on {places[task.axes]}"
        )
