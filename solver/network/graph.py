"""The channel graph: who feeds whom, as a networkx DiGraph, and what graphs are good for."""

from __future__ import annotations

from typing import Any

import networkx as nx

from solver.errors import InputError
from solver.network.network import Network

Node = tuple[int, str]
INPUT: Node = (0, "x")


def channel_graph(network: Network) -> nx.DiGraph:
    """Return the graph with a node ``(layer, channel name)`` per channel and an edge per nonzero filter.

    The image is the node ``(0, "x")`` and the readout ``(depth + 1, "f_p")``.  Edges carry ``offsets``
    (the nonzero taps, in input sites), ``filter`` and ``stride``; readout edges carry ``weight``.

    Raises
    ------
    InputError
        For a network on a frame.

    Examples
    --------
    >>> from solver import TwoPixelTask, construct
    >>> graph = channel_graph(construct("shift", TwoPixelTask(length=32, scale=7)))
    >>> sorted(reachable_offsets(graph, (3, "sum"))) == [-3, -2, -1, 0, 1, 2, 3]
    True
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
    output = output_node(network)
    graph.add_node(output, layer=network.depth + 1)
    for node, weight in zip(previous, network.readout, strict=True):
        if weight != 0:
            graph.add_edge(node, output, offsets=(0,), weight=weight, stride=0)
    return graph


def output_node(network: Network) -> Node:
    """Return the node of the readout."""
    return (network.depth + 1, "f_p")


def path_counts(graph: nx.DiGraph, node: Node) -> dict[int, int]:
    """Return how many paths join each pixel offset to a channel (for `uniform`, s-nomial coefficients).

    A path is a chain of nonzero taps from the image; its offset is the sum of theirs.
    """
    ancestors = nx.ancestors(graph, node) | {node}
    counts: dict[Any, dict[int, int]] = {}
    for each in nx.topological_sort(graph.subgraph(ancestors)):
        counts[each] = {0: 1} if each == INPUT else {}
        for source, _, data in graph.in_edges(each, data=True):
            for offset, number in counts.get(source, {}).items():
                for step in data["offsets"]:
                    reached = offset + step * data["stride"]
                    counts[each][reached] = counts[each].get(reached, 0) + number
    return dict(sorted(counts[node].items()))


def reachable_offsets(graph: nx.DiGraph, node: Node) -> set[int]:
    """Return the pixel offsets that reach a channel through some path."""
    return set(path_counts(graph, node))


def dead_channels(graph: nx.DiGraph) -> list[Node]:
    """Return the channels that no path joins to the image, or none joins to the readout."""
    output = max(graph.nodes)
    useful = (nx.descendants(graph, INPUT) & nx.ancestors(graph, output)) | {INPUT, output}
    return sorted(set(graph.nodes) - useful)


def graph_positions(graph: nx.DiGraph) -> dict[Node, tuple[float, float]]:
    """Return coordinates for drawing: layers from left to right, the channels of each from top to bottom, centred.

    (networkx's multipartite layout forgets the order of the channels.)
    """
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
