"""A network layer by layer: filters, effective kernels, why ReLUs cut or not, the activations of one image."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from solver.errors import InputError
from solver.network.graph import escaped
from solver.network.kernels import effective_kernel
from solver.network.linearity import linearity_proof
from solver.network.network import Network
from solver.network.trace import activations, response
from solver.question.deformation import Deformation
from solver.question.task import TwoPixelTask
from solver.report.cells import short_number
from solver.report.words import ROUNDED

LONGEST_SHOWN = 1000
LONGEST_NUMBER = 10
"""Characters of a rational that is shown as it is."""


def shown_network(network: Network, task: TwoPixelTask, distance: int) -> str:
    """Return the network as plain text, with the activations of one image with pixels ``distance`` apart."""
    image, maps = _image_and_maps(network, task, distance)
    proofs = linearity_proof(network, task, Deformation())
    blocks = [f"{network.name} on l = {task.length}, xi = {task.scale}; pixels at distance {distance}"]
    blocks.append(f"layer 0, the image\n  a: {_row(image)}")
    for k, layer in enumerate(network.layers, start=1):
        kernel = effective_kernel(network, k)
        lines = [
            f"layer {k}: {layer.input_channels} -> {layer.channels} channels, filter size {layer.size}, "
            f"{f'stride {layer.stride}, ' if layer.stride > 1 else ''}"
            f"receptive field {network.receptive_field(k)}, {layer.activation}",
            f"  {proofs[k - 1].reason}",
        ]
        for c, name in enumerate(layer.names):
            inputs = network.layers[k - 2].names if k > 1 else ("x",)
            filters = "  ".join(f"{i}: {_row(f)}" for i, f in zip(inputs, layer.filters[c], strict=True))
            lines.append(f"  channel {name!r}  bias {_text(layer.bias[c])}  filters {filters}")
            lines.append(f"    effective kernel {_row(kernel.values[c, 0])}  first offset {kernel.first_offset}")
            lines.append(f"    a: {_row(maps[k][c])}")
        blocks.append("\n".join(lines))
    weights = _row(network.readout)
    blocks.append(
        f"readout: {network.pooling} over sites, weights {weights}, constant {_text(network.constant)}\n"
        f"  f_p = {_text(response(network, image)[0])}"
    )
    rounded = any(_text(w).startswith("~") for w in _numbers(network, maps))
    return "\n\n".join([*blocks, *([f"{ROUNDED}; --format json holds the weights exactly"] if rounded else [])]) + "\n"


def network_latex(network: Network, task: TwoPixelTask, distance: int) -> str:
    """Return the network as LaTeX that compiles in a bare article class."""
    image, maps = _image_and_maps(network, task, distance)
    items = [
        rf"\paragraph{{{escaped(network.name)}}} $\ell={task.length}$, $\xi={task.scale}$, pixels at distance "
        rf"$d={distance}$; dots stand for zeros.",
        rf"\[ a_0 = {_vector(image)} \]",
    ]
    for k, layer in enumerate(network.layers, start=1):
        kernel = effective_kernel(network, k)
        inputs = network.layers[k - 2].names if k > 1 else ("x",)
        labels = [rf"\mbox{{{escaped(name)}}}" for name in layer.names]
        filters = [
            f"{_number(b)} & {_filters(inputs, taps)}" for b, taps in zip(layer.bias, layer.filters, strict=True)
        ]
        items.append(_array("lrl", rf"\mbox{{layer {k}}} & b_{k} & w_{k}", labels, filters))
        items.append(_array("ll", rf"& K_{k}", labels, [_vector(taps[0]) for taps in kernel.values]))
        items.append(_array("ll", rf"& a_{k}", labels, [_vector(a) for a in maps[k]]))
    items.append(rf"\[ f_p = {_number(response(network, image)[0])} \]")
    return "{\\scriptsize\\setlength{\\arraycolsep}{2pt}\n" + "\n".join(items) + "\n}\n"


def _image_and_maps(network: Network, task: TwoPixelTask, distance: int) -> tuple[Any, list[Any]]:
    if task.length > LONGEST_SHOWN:
        raise InputError(f"length: maps of {task.length} sites cannot be shown; at most {LONGEST_SHOWN}")
    middle = task.length // 2
    first = middle - distance // 2
    image = task.image(first, first + distance)
    return image, [a.exact()[0] for a in activations(network, image)]


def _array(columns: str, head: str, labels: list[str], rows: list[str]) -> str:
    body = "\n".join(rf"{label} & {row} \\" for label, row in zip(labels, rows, strict=True))
    return rf"\[\begin{{array}}{{{columns}}} {head} \\ \hline {body} \end{{array}}\]"


def _filters(inputs: tuple[str, ...], filters: Any) -> str:
    """Return the nonzero filters of a channel, each after the name of its input, three to a line."""
    shown = [
        rf"\mbox{{{escaped(name)}: }}{_vector(taps)}"
        for name, taps in zip(inputs, filters, strict=True)
        if any(w != 0 for w in taps)
    ]
    lines = [r",\ ".join(shown[i : i + 3]) for i in range(0, len(shown), 3)]
    return r" \\ & & ".join(lines) or r"\mbox{none}"


def _numbers(network: Network, maps: list[Any]) -> Iterator[Any]:
    """Yield the weights and the activations shown."""
    for layer in network.layers:
        yield from layer.weights
    yield from (*network.readout, network.constant)
    for a in maps[1:]:
        yield from a.ravel()


def _text(value: Any) -> str:
    return short_number(value, LONGEST_NUMBER)


def _row(values: Any) -> str:
    return " ".join("." if v == 0 else _text(v) for v in values)


def _vector(values: Any) -> str:
    cells = [r"\cdot" if v == 0 else _number(v) for v in values]
    width = 0.25 + 0.45 * max(1 if v == 0 else len(_text(v)) for v in values)
    return "(" + "".join(rf"\makebox[{width}em]{{${cell}$}}" for cell in cells) + ")"


def _number(value: Any) -> str:
    from sympy import latex

    from solver.gaussian.functions import as_sympy

    text = _text(value)
    if not text.startswith("~"):
        return str(latex(as_sympy(value)))
    mantissa, _, exponent = text[1:].replace("-", "{-}", 1 if text[1] == "-" else 0).partition("E")
    return rf"{{\sim}}{mantissa}" + (rf"\,10^{{{exponent}}}" if exponent else "")
