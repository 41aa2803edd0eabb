"""Proofs about where an activation can cut: on the images of an ensemble, and on noise that has been rectified once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

import numpy as np

from solver.network.kernels import effective_kernel
from solver.network.network import Network
from solver.network.representatives import network_representatives
from solver.network.trace import Activation, dense_images, layer_passes, preactivations
from solver.numbers.exact import Exact
from solver.question.deformation import Deformation
from solver.question.ensemble import Representatives
from solver.question.lattice import Shape
from solver.question.pairs import Task

Witness: TypeAlias = "tuple[int, int, dict[int, int], Exact | int]"
"""Channel, site, image as ``{site: value}``, pre-activation."""


@dataclass(frozen=True)
class LayerProof:
    """Whether the activation of one layer can change a pre-activation on the data, and why.

    Attributes
    ----------
    layer : int
    cuts : bool
        Whether some image, plain or deformed, has a negative pre-activation under a ReLU, or one outside
        [-1, 1] under a hard tanh.
    reason : str
        The argument, in words.
    witness : tuple (channel, site, image, pre-activation), or None
        Where it cuts: the image is given as ``{site: value}``.  Sites of a frame are numbered row by row.
    linear_so_far : bool
        Whether a_k is an affine convolution of the image on all the data: no cut up to this layer.
    """

    layer: int
    cuts: bool
    reason: str
    witness: Witness | None
    linear_so_far: bool


def linearity_proof(
    network: Network, task: Task, deformation: Deformation, *, ring: Representatives | None = None
) -> tuple[LayerProof, ...]:
    """Return, for each layer, whether its activation can cut on the ensemble or its deformed images, with the reason.

    Where none does, D comes from kernels (docs/theory.md, section 6).  Tries in turn: an identity activation;
    non-negative weights on non-negative inputs; an effective kernel and bias without negative entries; every image.
    The last gives a witness where it cuts.  Signs prove nothing about a hard tanh, which is checked on every image.
    ``network``, ``task`` and ``deformation`` are those of a question, ``ring`` what `network_representatives` gives
    for them, where known.  Costs one forward pass on those at most, whatever l.

    Examples
    --------
    >>> from solver import TwoPixelTask, construct
    >>> proofs = linearity_proof(construct("uniform", TwoPixelTask()), TwoPixelTask(), Deformation())
    >>> [proof.cuts for proof in proofs]
    [False, False, True]
    """
    proofs: list[LayerProof] = []
    passes: list[tuple[Activation, Activation]] = []
    images = np.empty(0)
    linear = non_negative = True
    for k, layer in enumerate(network.layers, start=1):
        keeps_sign = non_negative and layer.is_non_negative
        reason, witness = _sign_argument(network, k, linear, keeps_sign), None
        if not reason:
            if not passes:
                ring = ring or network_representatives(network, task, deformation)
                images = dense_images(ring.every_image(deformation), ring.shape)
                passes = list(layer_passes(network, images))
            bound = "is negative" if layer.activation == "relu" else "leaves [-1, 1]"
            reason = f"checked on all {len(images)} classes of plain and deformed images: no pre-activation {bound}"
            witness = _first_cut(images, *passes[k])
        if witness is not None:
            if images.shape[1:] != task.shape:
                witness = _on_task_ring(network, k, witness, images.shape[1:], task.shape, deformation.reach)
            channel, site, image, value = witness
            pixels = ", ".join(f"{v} at site {p}" for p, v in image.items())
            reason = f"cuts: channel {layer.names[channel]} has pre-activation {value} at site {site} "
            reason += f"for the image with {pixels}"
        linear = linear and witness is None
        non_negative = keeps_sign or layer.activation == "relu"
        proofs.append(LayerProof(k, witness is not None, reason, witness, linear))
    return tuple(proofs)


def _sign_argument(network: Network, k: int, linear: bool, keeps_sign: bool) -> str:
    """Return why signs alone show that layer k cuts nothing, or nothing."""
    activation = network.layers[k - 1].activation
    if activation == "identity":
        return "the activation is the identity"
    if activation == "relu" and keeps_sign:
        return "no filter entry and no bias is negative, and neither is any input"
    if activation == "relu" and linear and effective_kernel(network, k).is_non_negative():
        return "the layer is linear in the image so far, and its effective kernel has no negative entry"
    return ""


def _first_cut(images: np.ndarray, z: Activation, a: Activation) -> Witness | None:
    cut = np.argwhere(a.values != z.values)
    if not len(cut):
        return None
    batch, channel, *place = (int(n) for n in cut[0])
    pixels, value = images[batch].ravel(), z[[batch]].exact()[(0, channel, *place)]
    image = {int(p): int(pixels[p]) for p in np.flatnonzero(pixels)}
    return channel, int(np.ravel_multi_index(place, z.values.shape[2:])), image, value


def _on_task_ring(network: Network, layer: int, witness: Witness, ring: Shape, shape: Shape, reach: int) -> Witness:
    """Return a witness found on a shorter representing ring with its sites on the task's ring."""
    channel, site, image, value = witness
    # Sites left of the first pixel wrap around; for the unit, which side it is on is decided by evaluating both.
    trial = tuple(min(n, 2 * m) for n, m in zip(shape, ring, strict=True))
    right = [m // 2 + reach + 1 if len(ring) > 1 else m - reach for m in ring]
    wrapped = {p: [bool(x >= end) for x, end in zip(np.unravel_index(p, ring), right, strict=True)] for p in image}

    def placed(target: Shape) -> dict[int, int]:
        return {_unrolled(p, ring, target, wrapped[p]): v for p, v in image.items()}

    z = preactivations(network, dense_images([placed(trial)], trial), layer).exact()[0, channel].ravel()
    turns = product((False, True), repeat=len(ring))
    turn = next(turn for turn in turns if z[_unrolled(site, ring, trial, turn)] == value)
    return channel, _unrolled(site, ring, shape, turn), placed(shape), value


def _unrolled(site: int, ring: Shape, target: Shape, wrapped: Sequence[bool]) -> int:
    """Return a site on a larger ring, along each axis counted from the end where it is wrapped."""
    places = zip(np.unravel_index(site, ring), ring, target, wrapped, strict=True)
    return int(np.ravel_multi_index([x - m + n if turn else x for x, m, n, turn in places], target, mode="wrap"))
