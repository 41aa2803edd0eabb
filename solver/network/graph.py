"""The channel graph: who feeds whom, as a networkx DiGraph, and its drawing."""

from __future__ import annotations

import networkx as nx

from solver.errors import InputError
from solver.network.network import Network

Node = tuple[int, str]
INPUT: Node = (0, "x")


def channel_graph(network: Network) -> nx.DiGraph:
    """Return the graph of a ``network``: a node ``(layer, channel name)`` per channel, an edge per nonzero filter.

    The image is the node ``(0, "x")`` and the readout ``(depth + 1, "f_p")``.  Edges carry ``offsets``
    (the nonzero taps, in input sites), ``filter`` and ``stride``; readout edges carry ``weight``.  Costs one look at
    each weight.

    Raises
    ------
    InputError
        For a network on a frame.

    Examples
    --------
    >>> from solver import TwoPixelTask, construct
    >>> graph = channel_graph(construct("shift", TwoPixelTask(length=32, scale=7)))
    >>> graph.edges[INPUT, (1, "offset -1")]["offsets"]
    (-1,)
    """
    if network.axes > 1:
        raise InputError("the channel graph is for networks on a ring")
    graph = nx.DiGraph(name=network.name)
    graph.add_node(INPUT, layer=0)
    previous = [INPUT]
    for k, layer in enumerate(network.layers, start=1):
        nodes: list[Node] = [(k, name) for name in layer.names]
        graph.add_nodes_from(nodes, layer=k)
        for node, channel in zip(nodes, layer.filters, strict=True):
            for source, taps in zip(previous, channel, strict=True):
                offsets = tuple(layer.first_offset + j for j, w in enumerate(taps) if w != 0)
                if offsets:
                    graph.add_edge(source, node, offsets=offsets, filter=taps, stride=network.total_stride(k - 1))
        previous = nodes
    output: Node = (network.depth + 1, "f_p")
    graph.add_node(output, layer=network.depth + 1)
    for node, weight in zip(previous, network.readout, strict=True):
        if weight != 0:
            graph.add_edge(node, output, offsets=(0,), weight=weight, stride=0)
    return graph


def graph_positions(graph: nx.DiGraph) -> dict[Node, tuple[float, float]]:
    """Return coordinates for drawing: layers from left to right, the channels of each from top to bottom, centred."""
    columns: dict[int, list[Node]] = {}
    for node, layer in graph.nodes(data="layer"):
        columns.setdefault(layer, []).append(node)
    return {
        node: (float(layer), (len(nodes) - 1) / 2 - row)
        for layer, nodes in columns.items()
        for row, node in enumerate(nodes)
    }


def graph_tikz(graph: nx.DiGraph) -> str:
    """Return the drawing of the graph as a LaTeX ``tikzpicture``."""
    names = {node: f"node {n}" for n, node in enumerate(graph)}
    positions = {names[node]: f"({2.6 * x:.2f}, {y:.2f})" for node, (x, y) in graph_positions(graph).items()}
    labels = {name: f"${node[1]}$" if node[1] in ("x", "f_p") else escaped(node[1]) for node, name in names.items()}
    picture: str = nx.to_latex_raw(
        nx.relabel_nodes(graph, names),
        pos=positions,
        node_label=labels,
        default_node_options="draw, rounded corners, font=\\small",
        tikz_options="[>=stealth]",
    )
    return picture


def escaped(text: str) -> str:
    """Return text with the characters that LaTeX reads as commands escaped."""
    special = {c: f"\\{c}" for c in "#$%&_{}"} | {"\\": r"\textbackslash{}", "~": r"\~{}", "^": r"\^{}"}
    return "".join(special.get(c, c) for c in text)
