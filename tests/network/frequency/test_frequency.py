"""Frequency content: eigenspaces against networkx's Laplacian, means with and without eigenvectors, and D."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver import (
    Deformation,
    InputError,
    Layer,
    Network,
    Report,
    SolverError,
    TwoPixelTask,
    construct,
    effective_kernel,
    sensitivities,
)
from solver.cli import main
from solver.network.frequency.content import (
    filter_content,
    frequency_content,
    kernel_content,
    mean_filter_frequency,
    mean_kernel_frequency,
)
from solver.network.frequency.spectra import LARGEST_RING, Spectrum, grid_spectrum, path_spectrum, ring_spectrum
from solver.numbers.cosines import LARGEST_DEGREE, double_cosines
from solver.sensitivity.deformation.autocorrelations import linear_moments
from solver.values import as_value
from tests.quick import UNSTRIDED
from tests.strategies import RATIONALS, networks

SPECTRA = {
    **{f"path of {s}": (path_spectrum(s), nx.path_graph(s)) for s in (1, 2, 3, 4, 5, 7)},
    **{f"ring of {n}": (ring_spectrum(n), nx.cycle_graph(n)) for n in (3, 4, 5, 8, 9)},
    **{f"grid {r} x {c}": (grid_spectrum(r, c), nx.grid_2d_graph(r, c)) for r, c in ((3, 3), (2, 3), (4, 4))},
}
ROWS = {s: st.lists(RATIONALS, min_size=s, max_size=s) for s in (3, 4, 5, 7, 8, 9)}


def laplacian(graph: Any) -> np.ndarray:
    return nx.laplacian_matrix(graph, nodelist=sorted(graph)).toarray().astype(object)


@pytest.mark.parametrize("name", SPECTRA)
def test_eigenspaces_are_those_of_the_networkx_laplacian(name: str) -> None:
    spectrum, graph = SPECTRA[name]
    L = laplacian(graph)
    assert (laplacian(spectrum.graph) == L).all()
    total = 0
    for n, eigenvalue in enumerate(spectrum.eigenvalues):
        sites = range(spectrum.sites)
        P = np.array([[spectrum.entry(n, i, j) for j in sites] for i in sites], dtype=object)
        assert (L.dot(P) == eigenvalue * P).all() and (P.dot(P) == P).all() and (P.T == P).all()
        assert np.trace(P) == spectrum.multiplicities[n]
        total = total + P
    assert (total == np.eye(len(graph), dtype=int)).all()
    assert all(a < b for a, b in zip(spectrum.eigenvalues, spectrum.eigenvalues[1:], strict=False))


@pytest.mark.parametrize("spectrum", [path_spectrum(6), ring_spectrum(7), grid_spectrum(3, 3)])
def test_mean_squares_agree_with_eigenvectors_in_floating_point(spectrum: Spectrum) -> None:
    """LAPACK picks other eigenvectors in a degenerate eigenspace; the sum over the eigenspace does not care."""
    filters = np.random.default_rng(3).integers(-5, 6, (4, spectrum.sites))
    values, vectors = np.linalg.eigh(laplacian(spectrum.graph).astype(float))
    squares = ((filters @ vectors) ** 2).mean(axis=0)
    content = frequency_content(filters, spectrum)
    for eigenvalue, c in zip(content.eigenvalues, content.mean_squares, strict=True):
        near = np.isclose(values, float(eigenvalue), atol=1e-9)
        assert squares[near].sum() == pytest.approx(float(c), rel=1e-12, abs=1e-9)


@given(st.sampled_from(sorted(SPECTRA)), st.data())
def test_mean_frequency_is_the_same_with_and_without_eigenvectors(name: str, data: Any) -> None:
    spectrum, graph = SPECTRA[name]
    row = st.lists(RATIONALS, min_size=spectrum.sites, max_size=spectrum.sites)
    filters = np.array(data.draw(st.lists(row, min_size=1, max_size=3)), dtype=object)
    if not (filters != 0).any():
        with pytest.raises(SolverError, match="every filter is zero"):
            frequency_content(filters, spectrum)
        return
    content = frequency_content(filters, spectrum)
    pairs = list(zip(content.eigenvalues, content.mean_squares, strict=True))
    assert sum(e * c for e, c in pairs) == content.mean_frequency * sum(c for _, c in pairs)
    energy = (filters * filters).sum() / Fraction(len(filters))
    assert sum(content.mean_squares) == energy and sum(content.shares) == 1
    rayleigh = sum(w.dot(laplacian(graph)).dot(w) for w in filters) / (energy * len(filters))
    assert content.mean_frequency == rayleigh


@given(networks(8, RATIONALS, strides=False), st.sampled_from([8, 9]))
def test_both_routes_agree_on_networks(network: Network, length: int) -> None:
    for k in range(1, network.depth + 1):
        if any(w != 0 for channel in network.layers[k - 1].filters for taps in channel for w in taps):
            assert filter_content(network, k).mean_frequency == mean_filter_frequency(network, k)
        if (effective_kernel(network, k).values != 0).any():
            assert kernel_content(network, k, length).mean_frequency == mean_kernel_frequency(network, k, length)


@given(networks(8, RATIONALS, strides=False, activations=("identity",)), st.sampled_from([8, 9, 1000]))
def test_d_of_a_linear_layer_follows_from_its_frequencies(network: Network, length: int) -> None:
    """Numerator (4/3) <lambda> - (2/9) <lambda^2>/(l-1), denominator without frequency 0, from the kernels."""
    kernel = effective_kernel(network, network.depth)
    if not (kernel.values != 0).any():
        return
    moments = linear_moments(network, TwoPixelTask(length=length, scale=3), Deformation(), [network.depth])
    rows = np.full((kernel.channels, length), Fraction(0), dtype=object)
    for o in range(kernel.width):
        rows[:, o % length] += kernel.values[:, 0, o]
    energy = (rows * rows).sum()
    curved = 2 * rows - np.roll(rows, 1, axis=1) - np.roll(rows, -1, axis=1)
    first = mean_kernel_frequency(network, network.depth, length) * energy
    assert first == (rows * curved).sum()
    second = (curved * curved).sum()
    found = moments[network.depth]
    assert found.change == Fraction(4, 3) * first - Fraction(2, 9) * second / (length - 1)
    rest = energy - (rows.sum(axis=1) ** 2).sum() / Fraction(length)
    assert found.spread == Fraction(4 * (length - 2), length - 1) * rest


@pytest.mark.parametrize("name", UNSTRIDED)
def test_hidden_d_tends_to_a_third_of_the_mean_frequency(name: str) -> None:
    task = TwoPixelTask(length=10**6, scale=7)
    network = construct(name, task)
    for k in (1, 2):
        found = linear_moments(network, task, Deformation(), [k])[k]
        third = mean_kernel_frequency(network, k, task.length) * Fraction(1, 3)
        assert abs(found.change / found.spread - third) < Fraction(10, task.length)


def test_low_and_high_frequencies_of_the_slides_are_numbers() -> None:
    task = TwoPixelTask()
    uniform, shift = construct("uniform", task), construct("shift", task)
    assert [mean_filter_frequency(uniform, k) for k in (1, 2, 3)] == [0, 0, 0]
    assert [mean_filter_frequency(shift, k) for k in (1, 2, 3)] == [Fraction(4, 3), Fraction(8, 5), Fraction(8, 7)]
    assert [mean_kernel_frequency(uniform, k, 32) for k in (1, 2, 3)] == [
        Fraction(2, 3),
        Fraction(6, 19),
        Fraction(10, 47),
    ]
    assert [mean_kernel_frequency(shift, k, 32) for k in (1, 2, 3)] == [2, 2, Fraction(2, 7)]


def test_algebraic_weights_on_irrational_eigenvalues() -> None:
    """Weights in Q(2 cos(2 pi/7)) and cosines of 2 pi/11: sums agree with the exact mean, to 40 digits."""
    network = construct("cyclotomic", TwoPixelTask(length=14, scale=7))
    content = kernel_content(network, 1, 11)
    pairs = list(zip(content.eigenvalues, content.mean_squares, strict=True))
    values = [(as_value(e, ""), as_value(c, "")) for e, c in pairs]
    assert {c.kind for _, c in values} >= {"closed"}
    total = sum(Fraction(c.value(60)) for _, c in values)
    mean = sum(Fraction(e.value(60)) * Fraction(c.value(60)) for e, c in values) / total
    exact = as_value(mean_kernel_frequency(network, 1, 11), "")
    assert abs(mean - Fraction(exact.value(60))) < Fraction(1, 10**40)
    assert abs(sum(Fraction(as_value(s, "").value(60)) for s in content.shares) - 1) < Fraction(1, 10**40)


def test_large_fields_are_left_to_sympy() -> None:
    import sympy

    period = next(n for n in range(5, 200) if sympy.totient(n) > 2 * LARGEST_DEGREE)
    c = double_cosines(period)
    assert isinstance(c[1], sympy.Expr) and sympy.Abs(c[1] - 2 * sympy.cos(2 * sympy.pi / period)) == 0
    network = construct("shift", TwoPixelTask(length=80, scale=7))
    shares = kernel_content(network, 3, period).shares
    assert sum(float(as_value(share, "").value(20)) for share in shares) == pytest.approx(1)


def test_bad_input_is_refused() -> None:
    network = construct("shift", TwoPixelTask())
    with pytest.raises(InputError, match="expected arrays of 3 sites, got the shape \\(1, 4\\)"):
        frequency_content([[1, 2, 3, 4]], path_spectrum(3))
    with pytest.raises(InputError, match="up to 1024 sites, got 1025"):
        ring_spectrum(LARGEST_RING + 1)
    for call in (filter_content, mean_filter_frequency):
        with pytest.raises(InputError, match="layer: expected 1 to 3 for this network, got 4"):
            call(network, 4)
    with pytest.raises(InputError, match="path: expected an integer of at least 1"):
        path_spectrum(0)


def test_report_shows_frequencies() -> None:
    task = TwoPixelTask(length=14, scale=3)
    blind = Network(layers=[Layer(filters=[[[0, 0, 0]]])], name="blind")
    result = Report((sensitivities(construct("uniform", task), task), sensitivities(blind, task)))
    text = result.to_text(frequencies=True)
    assert "uniform, mean frequencies:" in text and "c(0)   c(1)   c(3)" in text and "2/3   0.666666666666667" in text
    assert "mean frequencies" not in result.to_text()
    uniform, zero = json.loads(result.to_json())["networks"]
    assert "filter_frequency" not in uniform["layers"][0] and "filter_frequency" not in uniform["layers"][-1]
    layer = uniform["layers"][1]
    assert layer["filter_frequency"]["exact"] == "0" and layer["kernel_frequency"]["exact"] == "2/3"
    squares = [(each["eigenvalue"]["exact"], each["mean_square"]["exact"]) for each in layer["filter_squares"]]
    assert squares == [("0", "3"), ("1", "0"), ("3", "0")]
    layer = zero["layers"][1]
    assert layer["filter_frequency"] is None and "every filter is zero" in layer["why"]["kernel_frequency"]
    assert layer["filter_squares"] == []


def test_command_draws_and_prints(tmp_path: Any, capsys: Any) -> None:
    question = ["--length", "14", "--scale", "3", "--construction", "uniform"]
    for arguments, code in (
        (["plot", "frequencies", *question, "-o", str(tmp_path / "f.svg")], 0),
        (["report", *question, "--frequencies", "--no-cache"], 0),
        (["report", *question, "--frequencies", "--format", "latex"], 2),
    ):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert int(caught.value.code or 0) == code
    assert (tmp_path / "f.svg").stat().st_size > 1000
    assert "mean frequencies" in capsys.readouterr().out
