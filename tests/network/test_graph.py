"""The channel graph: edges, paths, drawing."""

from __future__ import annotations

import re
from math import prod
from typing import Any

import networkx as nx
import pytest
from hypothesis import given

from solver import Layer, Network, TwoPixelTask, channel_graph, construct, effective_kernel
from solver.derive.scripts import derivations_folder, load
from solver.network.graph import INPUT, graph_positions, graph_tikz
from tests.strategies import networks

path_counts = load(derivations_folder() / "effective_kernels.py").path_counts
TASK = TwoPixelTask(length=32, scale=7)


@pytest.mark.parametrize("name", ["uniform", "shift-mixed"])
def test_paths_of_all_ones_are_s_nomial(name: str) -> None:
    graph = channel_graph(construct(name, TASK))
    assert path_counts(graph, (3, "sum")) == {-3: 1, -2: 3, -1: 6, 0: 7, 1: 6, 2: 3, 3: 1}


def test_shift_has_one_path_to_each_offset() -> None:
    graph = channel_graph(construct("shift", TASK))
    assert path_counts(graph, (3, "sum")) == dict.fromkeys(range(-3, 4), 1)
    assert path_counts(graph, (2, "offset -2")) == {-2: 1}


@given(networks(8))
def test_paths_count_as_a_network_of_ones_adds(network: Any) -> None:
    """With every nonzero tap set to 1, the effective kernel counts the paths."""
    ones = [
        Layer(
            filters=[[[int(w != 0) for w in f] for f in channel] for channel in layer.filters],
            stride=layer.stride, origin=layer.origin,
        )
        for layer in network.layers
    ]  # fmt: skip
    graph = channel_graph(network)
    for k in range(1, network.depth + 1):
        kernel = effective_kernel(Network(layers=ones), k)
        for name, taps in zip(network.layers[k - 1].names, kernel.values[:, 0], strict=True):
            counts = {kernel.first_offset + n: int(v) for n, v in enumerate(taps) if v}
            assert path_counts(graph, (k, name)) == counts


def test_graph_of_shift() -> None:
    network = construct("shift", TASK)
    graph = channel_graph(network)
    assert nx.is_directed_acyclic_graph(graph)
    assert [sum(1 for _, k in graph.nodes(data="layer") if k == layer) for layer in range(5)] == [1, 3, 5, 1, 1]
    assert graph.edges[INPUT, (1, "offset +1")]["offsets"] == (1,)
    assert graph.edges[(3, "sum"), (4, "f_p")]["weight"] == TASK.length
    assert len(nx.dag_longest_path(graph, weight=None)) == network.depth + 2


def test_strides_multiply_offsets() -> None:
    layers = [Layer(filters=[[[1, 1]]], stride=2, names=["a"]), Layer(filters=[[[0, 1, 1]]], names=["b"])]
    assert path_counts(channel_graph(Network(layers=layers)), (2, "b")) == {0: 1, 1: 1, 2: 1, 3: 1}


def test_a_channel_that_hears_nothing_has_no_path() -> None:
    first = Layer(filters=[[[1]], [[0]]], names=["live", "blind"])
    second = Layer(filters=[[[1], [0]], [[0], [1]]], names=["first", "second"])
    graph = channel_graph(Network(layers=[first, second], readout=[0, 1]))
    assert path_counts(graph, (2, "second")) == {} and not graph.in_edges((1, "blind"))
    assert not graph.out_edges((2, "first"))  # a readout of zero


@pytest.mark.parametrize("name", ["uniform", "shift", "shift-mixed"])
def test_paths_to_the_output_multiply_nonzero_taps(name: str) -> None:
    """Chains of all-to-all layers: paths to f_p count the nonzero taps layer by layer."""
    network = construct(name, TASK)
    graph = channel_graph(network)
    expected = 7 if name == "shift" else prod([3] * 3)
    assert sum(path_counts(graph, (4, "f_p")).values()) == expected


def test_positions_are_by_layer_and_differ() -> None:
    graph = channel_graph(construct("shift", TASK))
    positions = graph_positions(graph)
    columns = [{positions[n][0] for n in graph if n[0] == layer} for layer in range(5)]
    assert all(len(column) == 1 for column in columns)
    assert sorted(columns, key=min) == columns and len(set(positions.values())) == len(graph)


def test_tikz_draws_every_node_and_edge() -> None:
    graph = channel_graph(construct("shift", TASK, channels=2))
    picture = graph_tikz(graph)
    assert picture.count(r"\begin{tikzpicture}") == picture.count(r"\end{tikzpicture}") == 1
    assert len(re.findall(r"\) node ", picture)) == len(graph)
    assert len(re.findall(r"\bto\b", picture)) == graph.number_of_edges()
    assert picture.count(r"{offset +1 \#2}") == 2 and "{$f_p$}" in picture and "{$x$}" in picture


def test_tikz_node_names_are_names_tikz_takes() -> None:
    picture = graph_tikz(channel_graph(construct("shift", TASK, channels=2)))
    assert re.findall(r"node \((.*)\)\{", picture) == re.findall(r"node \(([\w +-]+)\)\{", picture) != []


def test_channels_are_drawn_in_their_order() -> None:
    network = construct("shift", TASK)
    positions = graph_positions(channel_graph(network))
    for k, layer in enumerate(network.layers, start=1):
        heights = [positions[k, name][1] for name in layer.names]
        assert heights == sorted(heights, reverse=True)
        assert {positions[k, name][0] for name in layer.names} == {float(k)}
        assert sum(heights) == 0
