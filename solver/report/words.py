"""What was asked of a network and what it claims, in the words of each format."""

from __future__ import annotations

from collections.abc import Sequence

from solver.errors import NotApplicableError
from solver.network.graph import escaped
from solver.network.network import Network
from solver.question.correlations import deformation_energy
from solver.question.deformation import Deformation, far_energy
from solver.question.pairs import Task
from solver.sensitivity.quantities import Quantity
from solver.sensitivity.question import Question
from solver.sensitivity.response.by_displacement import Response
from solver.sensitivity.sensitivities import Sensitivities

ROUNDED = "~ stands before numbers rounded to 6 digits"


def heading(question: Question) -> list[str]:
    """Return the question in three lines: task, deformation, noise; and how norms are taken, if not as usual."""
    task, deformation, noise = question.task, question.deformation, question.noise
    gap = f", gap {task.gap}" if task.gap else ""
    mean = ["Norms: channels averaged first"] if question.channel_mean else []
    return [
        f"Task: {task_text(task)}{gap}; {task.rule}",
        f"Deformation: {deformation_text(deformation)}; "
        f"<||tau x - x||^2> = {deformation_energy(task, deformation)} ({far_energy(deformation, task.axes)} far apart)",
        f"Noise: l sigma^2 = {noise.energy}, sigma^2 = {noise.variance(task.sites)}{noise.details}",
        *mean,
    ]


def task_text(task: Task) -> str:
    """Return where the pixels live, the scale and the ensemble, in words."""
    return f"{task.place}, scale xi = {task.scale}, distances '{task.distances}'"


def deformation_text(deformation: Deformation) -> str:
    """Return a deformation in words."""
    return f"'{deformation.name}', collisions '{deformation.collisions}'"


def caption(question: Question, columns: Sequence[Quantity], scale: str | None = None) -> str:
    """Return what columns show and for which task, deformation and noise, as one sentence in LaTeX."""
    task, deformation = question.task, question.deformation
    shown = {column.name for column in columns}
    law = f", law {escaped(question.noise.law)}" * bool(question.noise.law) + ", rectified" * question.noise.rectified
    noise = rf", noise energy $\ell\sigma^2={question.noise.energy}${law}"
    noisy = shown != {"D"}
    return (
        rf"Stability of networks to deformations ($D$){' and noise ($G$)' if noisy else ''}"
        rf"{', $R=D/G$' if 'R' in shown else ''}, "
        rf"for {task.place_latex}, $\xi={task.scale if scale is None else scale}$; ensemble "
        rf"{escaped(task.distances)}{task.details}, displacements {escaped(deformation.name)}, "
        rf"collisions {escaped(deformation.collisions)}{noise if noisy else ''}{averaged(question)}."
    )


def averaged(question: Question) -> str:
    """Return how norms are taken, as text to follow the rest of a question; empty for the norm over all channels."""
    return ", channels averaged first" if question.channel_mean else ""


def network_heading(network: Network) -> str:
    """Return the network in one line: name, filter size, depth, channels, and strides if it has any."""
    channels = ", ".join(map(str, network.channels))
    depth = f"{network.depth} layer" + "s" * (network.depth != 1)
    strides = ", ".join(str(layer.stride) for layer in network.layers)
    shown = f", strides {strides}" if network.total_stride(network.depth) > 1 else ""
    return f"{network.name}: filter size {filter_size(network)}, {depth}, channels {channels}{shown}"


def filter_size(network: Network) -> str:
    """Return the filter size of the layers, or the sizes joined by commas if they differ."""
    return ",".join(dict.fromkeys(str(layer.size) for layer in network.layers))


def claim_line(s: Sensitivities) -> str:
    """Return whether f_p is what the network claims, checked at every distance, or at every pair of sites."""
    claim, broken = s.network.claim, s.broken_claim
    if claim is None or broken is None:
        return "no claim about f_p"
    stated, places = claim.text, f"d = 1..{max(s.task.shape) // 2}"
    if s.task.axes > 1:
        stated, places = f"f_p(d1, d2) = ReLU({claim.scale} - d1) ReLU({claim.scale} - d2)", "every displacement"
    elif claim.labels == "blocks":
        places = "every pair of sites"
    if broken:
        place, (computed, claimed) = next(iter(broken.items()))
        where = "d =" if claim.labels == "distance" else "sites"
        return f"{stated} FAILS at {where} {place}: {computed}, not {claimed}"
    offset = f" (the readout subtracts {claim.offset} from the pooled sum)" if claim.offset else ""
    other = "" if claim.labels == s.task.labels else f"; it answers to labels {claim.labels!r}, not to this task's"
    least = "l" if s.task.axes == 1 else "sides"
    holds = f"claimed for {least} >= {claim.smallest_length}, checked exactly for {places}"
    return f"{stated}, {holds}{offset}{other}"


def responses(s: Sensitivities) -> tuple[Response | None, str]:
    """Return f_p(d), by displacement on a frame, or None and the reason where it depends on more than the distance."""
    try:
        return s.response, ""
    except NotApplicableError as error:
        return None, str(error)
