"""The sentences and cells that the formats of a report share."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from solver.errors import NotApplicableError
from solver.numbers.exact import decimal_text
from solver.question.correlations import deformation_energy
from solver.question.deformation import far_energy
from solver.report.report import Report
from solver.sensitivity.response.by_displacement import Response
from solver.sensitivity.results import LayerValues
from solver.sensitivity.sensitivities import Sensitivities
from solver.values import MissingValue, NumericValue, Value, text_with_error

LONGEST_FRACTION = 40
ROUNDED = "~ stands before numbers rounded to 6 digits"
PARTS = {"G_coherent": "G coherent", "G_incoherent": "G incoherent"}
"""The parts of G, and the heads of their columns."""


def heading(report: Report) -> list[str]:
    """Return the question in three lines: task, deformation, noise."""
    s = report.first
    task, noise = s.task, s.noise
    gap = f", gap {task.gap}" if task.gap else ""
    mean = ["Norms: channels averaged first"] if s.channel_mean else []
    return [
        f"Task: {task.place}, scale xi = {task.scale}, distances '{task.distances}'{gap}; {task.rule}",
        f"Deformation: '{s.deformation.name}', collisions '{s.deformation.collisions}'; "
        f"<||tau x - x||^2> = {deformation_energy(task, s.deformation)} "
        f"({far_energy(s.deformation, task.axes)} far apart)",
        f"Noise: l sigma^2 = {noise.energy}, sigma^2 = {noise.variance(task.sites)}{noise.details}",
        *mean,
    ]


def network_heading(s: Sensitivities) -> str:
    """Return the network in one line: name, filter size, depth, channels, and strides if it has any."""
    channels = ", ".join(map(str, s.network.channels))
    depth = f"{s.network.depth} layer" + "s" * (s.network.depth != 1)
    strides = ", ".join(str(layer.stride) for layer in s.network.layers)
    shown = f", strides {strides}" if s.network.total_stride(s.network.depth) > 1 else ""
    return f"{s.network.name}: filter size {filter_size(s)}, {depth}, channels {channels}{shown}"


def filter_size(s: Sensitivities) -> str:
    """Return the filter size of the layers, or the sizes joined by commas if they differ."""
    return ",".join(dict.fromkeys(str(layer.size) for layer in s.network.layers))


def broken_claim(s: Sensitivities) -> dict[Any, tuple[Any, Any]] | None:
    """Return the distances, displacements or pairs of sites that break the network's claim, or None without one."""
    from solver.sensitivity.response.claim import check_claim

    return None if s.network.claim is None else check_claim(s.network, s.task)


def claim_line(s: Sensitivities) -> str:
    """Return whether f_p is what the network claims, checked at every distance, or at every pair of sites."""
    claim, broken = s.network.claim, broken_claim(s)
    if claim is None or broken is None:
        return "no claim about f_p"
    stated, places = claim.text, f"d = 1..{max(s.task.shape) // 2}"
    if s.task.axes > 1:
        stated, places = f"f_p(d1, d2) = ReLU({claim.scale} - d1) ReLU({claim.scale} - d2)", "every displacement"
    elif claim.labels == "blocks":
        places = "every pair of sites"
    if broken:
        place, (computed, claimed) = next(iter(broken.items()))
        return (
            f"{stated} FAILS at {'d =' if claim.labels == 'distance' else 'sites'} {place}: {computed}, not {claimed}"
        )
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


def layer_label(layer: LayerValues) -> str:
    """Return the layer's number, or f_p for the output."""
    return "f_p" if layer.name == "output" else str(layer.layer)


def exact_text(value: Value) -> str:
    """Return an exact value as text if it is short enough to read, else an empty text."""
    text = "" if value.exact is None else str(value.exact)
    return text if len(text) <= LONGEST_FRACTION else ""


def short_number(number: Any, longest: int = 20) -> str:
    """Return an exact number as text, a rational of more characters than ``longest`` as ~ and 6 digits.

    Examples
    --------
    >>> short_number(Fraction(1, 3)), short_number(Fraction(1, 3**20), longest=10)
    ('1/3', '~2.86797E-10')
    """
    text = str(number)
    if len(text) <= longest or not isinstance(number, Fraction):
        return text
    rounded, _ = decimal_text(number, 6)
    return f"~{rounded:f}" if -7 < rounded.adjusted() < 20 else f"~{rounded}"


def decimal(value: Value, digits: int) -> str:
    """Return a value to significant digits, or to its error where that touches them; a dash for a missing one."""
    if isinstance(value, MissingValue):
        return "-"
    if isinstance(value, NumericValue) and not _known_to(value, digits):
        return text_with_error(value)
    return plain_decimal(value, digits)


def _known_to(value: NumericValue, digits: int) -> bool:
    """Return whether the error is too small to touch the digits shown."""
    last = Fraction(10) ** (value.value(digits).adjusted() - digits + 1)
    return 20 * Fraction(value.uncertainty) < last


def coherent_share(layer: LayerValues, digits: int) -> str:
    """Return the coherent part of G in per cent, from both to ``digits``, or a dash where G is missing or 0."""
    if isinstance(layer.G, MissingValue) or not layer.G.value(digits):
        return "-"
    return f"{round(100 * layer.G_coherent.value(digits) / layer.G.value(digits), 1) + 0}%"


def plain_decimal(value: Value, digits: int) -> str:
    """Return a value to significant digits without an exponent where that stays short."""
    number = value.value(digits)
    return f"{number:f}" if -7 < number.adjusted() < 20 else str(number)


def methods(report: Report) -> list[str]:
    """Return the methods behind the G of each layer, without repeats."""
    known = [layer.G for s in report.networks for layer in s.layers if not isinstance(layer.G, MissingValue)]
    return list(dict.fromkeys(value.method for value in known))
