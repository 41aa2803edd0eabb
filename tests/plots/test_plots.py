"""Figures hold the numbers of the solver: what is tested is the data drawn, not pixels."""

from __future__ import annotations

from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from solver import (
    Deformation,
    InputError,
    Layer,
    Network,
    Sampling,
    Sensitivities,
    TwoPixelTask,
    construct,
    effective_kernel,
    filter_content,
    kernel_content,
    response_by_distance,
    sensitivities,
)
from solver.cli import main
from solver.constructions.registry import CONSTRUCTIONS
from solver.plots.activations import activations_figure
from solver.plots.frequencies import frequencies_figure
from solver.plots.kernels import MOST_CHANNELS, kernels_figure
from solver.plots.layers import layers_figure
from solver.plots.responses import response_figure
from solver.plots.style import (
    COLORS,
    FIGURE_FORMATS,
    MARKERS,
    PALETTE,
    TURN,
    house_style,
    look,
    new_figure,
    plain_ticks,
    save,
)
from tests.quick import UNSTRIDED, quick_sensitivities

TASK = TwoPixelTask(length=20, scale=5)
BOX = Layer(filters=[[[1, 1, 1]]])


def constructions(*names: str) -> list[Network]:
    return [construct(name, TASK) for name in names or UNSTRIDED]


@cache
def results() -> tuple[Sensitivities, ...]:
    shallow = Network(layers=[Layer(filters=[[[1, 1, 1]]], bias=[-1])], name="shallow")
    return (*(quick_sensitivities(name, TASK) for name in ("uniform", "shift")), sensitivities(shallow, TASK))


def lines(axis: Any) -> dict[str, Any]:
    """The lines of a panel by their labels, those without a label left out."""
    return {line.get_label(): line for line in axis.lines if not line.get_label().startswith("_")}


def bars(axis: Any) -> list[list[float]]:
    """The heights of each set of bars."""
    return [[bar.get_height() for bar in container] for container in axis.containers]


# The response


def test_response_draws_every_network_on_the_claim() -> None:
    axis = response_figure(constructions(), TASK).axes[0]
    claim, *networks = lines(axis).values()
    assert claim.get_xydata().tolist() == [[d, max(5 - d, 0)] for d in range(1, 11)]
    assert [line.get_label() for line in networks] == UNSTRIDED
    assert all(line.get_xydata().tolist() == claim.get_xydata().tolist() for line in networks)
    assert len({line.get_markersize() for line in networks}) == len(networks)  # none hides another
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("distance $d$", "$f_p(d)$")


def test_response_shows_a_network_that_breaks_the_claim() -> None:
    broken = Network(layers=[Layer(filters=[[["1/2", 1, 1, 1, 1]]], bias=[-1])], pooling="sum", name="broken")
    axis = response_figure([broken], TASK).axes[0]
    drawn = lines(axis)["broken"].get_ydata().tolist()
    assert drawn == [float(response_by_distance(broken, TASK)[d]) for d in range(1, 11)]
    assert drawn != lines(axis)[r"$\mathrm{ReLU}(\xi - d)$, $\xi = 5$"].get_ydata().tolist()


def test_response_stops_where_it_is_constant() -> None:
    axis = response_figure(task=TwoPixelTask(length=200, scale=3)).axes[0]
    assert [line.get_xdata()[-1] for line in lines(axis).values()] == [9, 9, 9]


# D, G and R


@pytest.mark.parametrize("quantities", [("D",), ("G", "R"), ("D", "G", "R")])
def test_layers_draw_the_quantities_chosen(quantities: tuple[str, ...]) -> None:
    axes = layers_figure(results()[:2], quantities).axes
    assert [axis.get_ylabel()[1] for axis in axes] == list(quantities)
    for axis, quantity in zip(axes, quantities, strict=True):
        assert axis.get_yscale() == "log"
        for s in results()[:2]:
            x, y = lines(axis)[s.network.name].get_data()
            assert x.tolist() == [0, 1, 2, 3]
            assert np.allclose(y, [float(getattr(layer, quantity)) for layer in s.layers], rtol=1e-5)
        assert [tick.get_text() for tick in axis.get_xticklabels()] == ["0", "1", "2", "$f_p$"]


def test_outputs_of_networks_of_different_depth_share_a_place() -> None:
    axis = layers_figure(results(), ["D"]).axes[0]
    assert lines(axis)["shallow"].get_xdata().tolist() == [0, 1, 3] and axis.get_xticks().tolist() == [0, 1, 2, 3]


def test_error_bars_are_drawn_where_they_can_be_seen() -> None:
    s = sensitivities(construct("shift", TASK), TASK, method="sampling", sampling=Sampling(points=2, replicates=4))
    uncertain = [(k.layer, float(k.G.value(6)), float(k.G.error(6))) for k in s.layers if k.G.kind == "numeric"]
    assert uncertain and all(error > 0.01 * value for _, value, error in uncertain)
    (container,) = layers_figure([s], ["G"]).axes[0].containers
    segments = container[2][0].get_segments()
    assert np.allclose(segments, [[[x, y - e], [x, y + e]] for x, y, e in uncertain])
    assert not layers_figure([s], ["D"]).axes[0].containers  # exact


@pytest.mark.parametrize("quantities", [(), ("D", "D"), ("price",)])
def test_layers_refuse_other_quantities(quantities: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match="quantit"):
        layers_figure(results(), quantities)


def test_values_that_do_not_exist_are_left_out() -> None:
    flat = sensitivities(Network(layers=[Layer(filters=[[[1]]], bias=[-5])]), TASK)
    assert lines(layers_figure([flat], ["D"]).axes[0])["network"].get_xdata().tolist() == [0]


# Kernels


def test_kernels_stand_on_their_offsets() -> None:
    networks = constructions()
    axes = np.reshape(kernels_figure(networks).axes, (2, len(networks)))
    for column, network in enumerate(networks):
        for k in (1, 2):
            kernel, axis = effective_kernel(network, k), axes[k - 1, column]
            drawn = [line.get_xydata() for line in axis.lines if line.get_marker() != "None"]
            assert len(drawn) == kernel.channels == int(axis.texts[0].get_text().split()[0])
            for points, taps in zip(drawn, kernel.values[:, 0], strict=True):
                expected = [(kernel.first_offset + o, float(v)) for o, v in enumerate(taps) if v != 0]
                assert np.allclose(points[:, 1], [value for _, value in expected])
                assert np.round(points[:, 0]).tolist() == [offset for offset, _ in expected]
        assert axes[0, column].get_title() == network.name


def test_kernels_of_channels_that_overlap_stand_side_by_side() -> None:
    axis = kernels_figure([construct("uniform", TASK, channels=2)]).axes[0]
    first, second = (line.get_xdata() for line in axis.lines if line.get_marker() != "None")
    assert np.allclose(second - first, 0.5)


def test_kernels_say_how_many_channels_are_left_out() -> None:
    wide = Network(layers=[Layer(filters=[[[1]]] * (MOST_CHANNELS + 1))])
    deep = Network(layers=[BOX, BOX])
    axes = kernels_figure([wide, deep]).axes
    assert axes[0].texts[0].get_text() == "15 channels, 14 shown"
    assert [axis.axison for axis in axes] == [True, True, False, True]


# Activations


def correlated(image: list[int], layers: int) -> list[int]:
    """The image under filters 1 1 1, by hand."""
    for _ in range(layers):
        image = [image[i - 1] + image[i] + image[(i + 1) % len(image)] for i in range(len(image))]
    return image


def test_activations_are_those_of_the_pair_and_of_the_moved_pair() -> None:
    figure = activations_figure(constructions("uniform"), TASK, distance=4, move=(1, -1))
    plain, moved = ([int(i in pair) for i in range(20)] for pair in ((8, 12), (9, 11)))
    image, first, sums, last = (bars(axis) for axis in figure.axes)
    assert image == [plain, moved] and first == [correlated(plain, 1), correlated(moved, 1)]
    assert sums == [correlated(plain, 2), correlated(moved, 2)]
    assert last == [[max(v - 1, 0) for v in row] for row in sums]
    threshold = lines(figure.axes[2])["threshold $-b$"]
    assert set(threshold.get_ydata()) == {1} and [bool(lines(axis)) for axis in figure.axes] == [False] * 2 + [
        True,
        False,
    ]
    assert "= 1$" in (title := figure.subfigs[0].get_suptitle()) and "= 3$" in title


def test_activations_show_every_channel() -> None:
    figure = activations_figure(constructions("shift"), TASK, distance=3, move=(0, 2))
    names = [axis.texts[0].get_text() for axis in figure.axes]
    assert names == ["", "offset -1", "offset 0", "offset +1", "", ""]
    for axis, offset in zip(figure.axes[1:4], (-1, 0, 1), strict=True):
        assert [np.flatnonzero(row).tolist() for row in bars(axis)] == [
            [9 - offset, 12 - offset],
            [9 - offset, 14 - offset],
        ]


def test_pixels_that_meet_add_up() -> None:
    image, *_ = activations_figure(constructions("uniform"), TASK, distance=2, move=(1, -1)).axes
    assert max(bars(image)[1]) == 2 == sum(bars(image)[1])


def test_activations_of_many_channels_are_summed_and_strides_keep_their_places() -> None:
    layers = [Layer(filters=[[[1]]] * 12, stride=2), Layer(filters=[[[1]] * 12], bias=["-1/2"])]
    figure = activations_figure([Network(layers=layers)], TASK, distance=4, move=(0, 0))
    first = figure.axes[1]
    assert first.texts[0].get_text() == "sum of 12 channels" and max(bars(first)[0]) == 12
    assert [bar.get_x() + bar.get_width() / 2 for bar in first.containers[0]] == pytest.approx(range(0, 20, 2))
    assert set(lines(figure.axes[2])["threshold $-b$"].get_ydata()) == {0.5}


@pytest.mark.parametrize(("length", "distance", "match"), [(20, 11, "expected 1 to 10"), (300, 5, "at most 256")])
def test_activations_refuse_what_cannot_be_seen(length: int, distance: int, match: str) -> None:
    with pytest.raises(InputError, match=match):
        activations_figure(task=TwoPixelTask(length=length, scale=5), distance=distance)


# Frequencies


def test_frequencies_draw_the_shares() -> None:
    networks = constructions("uniform", "shift")
    axes = np.reshape(frequencies_figure(networks, TASK).axes, (2, 2))
    for column, network in enumerate(networks):
        for k in (1, 2):
            for axis, content in (
                (axes[0, column], filter_content(network, k)),
                (axes[1, column], kernel_content(network, k, TASK.length)),
            ):
                x, y = axis.lines[k - 1].get_data()
                assert np.allclose(x, [float(v) for v in content.eigenvalues])
                assert np.allclose(y, [float(v) for v in content.shares]) and y.sum() == pytest.approx(1)


# The style


def test_no_figure_needs_its_colours() -> None:
    for figure in (
        response_figure(constructions(), TASK),
        layers_figure(results()),
        frequencies_figure(constructions("shift"), TASK),
        kernels_figure(constructions("shift")),
    ):
        for axis in figure.axes:
            found = lines(axis).values() or axis.lines
            markers = [line.get_marker() for line in found if line.get_marker() not in ("None", "")]
            assert len(set(markers)) == len(markers)


def test_constructions_keep_their_look() -> None:
    assert set(COLORS) == set(MARKERS) == set(CONSTRUCTIONS) and len(set(COLORS.values())) == len(COLORS)
    assert not set(MARKERS.values()) & set(TURN) and len(set(MARKERS.values())) == len(MARKERS)
    assert look("shift", 0) == look("shift", 3) and look("mine", 0) != look("mine", 1)


SIGHT = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
"""How linear RGB is seen (Machado, Oliveira and Fernandes 2009)."""


def seen(color: str, sight: str) -> np.ndarray:
    """A colour in CIELAB, as it is seen."""
    c = np.array(to_rgb(color))
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ np.clip(np.array(SIGHT[sight]) @ linear, 0, 1) / (0.9505, 1, 1.089)
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def closest(colors: tuple[str, ...], sight: str) -> float:
    return min(float(np.linalg.norm(seen(a, sight) - seen(b, sight))) for a, b in combinations(colors, 2))


@pytest.mark.parametrize("sight", SIGHT)
def test_colours_stay_apart_for_colour_blind_eyes(sight: str) -> None:
    assert closest(PALETTE, sight) > 15
    assert closest(("#ff0000", "#808000") if sight != "tritanopia" else ("#00ff80", "#00e0ff"), sight) < 15


def test_short_logarithmic_axes_have_plain_ticks() -> None:
    with house_style():
        _, ((short, decade, long),) = new_figure(columns=3)
    for axis, limits in ((short, (0.13, 0.72)), (decade, (0.9, 45)), (long, (1, 1e5))):
        axis.set(yscale="log", ylim=limits)
        plain_ticks(axis)
    shown = [
        [t for t in axis.get_yticks() if np.prod(np.sign(t - np.array(axis.get_ylim()))) < 0]
        for axis in (short, decade)
    ]
    assert np.allclose(shown[0], [0.2, 0.3, 0.5, 0.7]) and np.allclose(shown[1], [1, 2, 5, 10, 20])
    assert short.yaxis.get_major_formatter()(0.2, 0) == "0.2" != long.yaxis.get_major_formatter()(0.2, 0)


@pytest.mark.parametrize(("kind", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_the_same_figure_gives_the_same_file(kind: str, start: bytes, tmp_path: Path) -> None:
    assert kind in FIGURE_FORMATS
    for name in ("one", "two"):
        save(response_figure(task=TASK), tmp_path / f"{name}.{kind}")
    written = (tmp_path / f"one.{kind}").read_bytes()
    assert written == (tmp_path / f"two.{kind}").read_bytes() and written.startswith(start)


# The commands


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["response", "--construction", "all"], 0),
        (["kernels", "--channels", "2"], 0),
        (["activations", "--distance", "4", "--move", "-1,+1"], 0),
        (["activations", "--move", "1"], 2),
        (["activations", "--distance", "0"], 2),
        (["layers", "--quantity", "D", "--construction", "uniform"], 0),
        (["layers", "--quantity", "D,D"], 2),
        (["layers", "--quantity", "price"], 2),
    ],
)
def test_commands_draw_or_refuse(arguments: list[str], code: int, tmp_path: Path) -> None:
    path = tmp_path / "figure.svg"
    with pytest.raises(SystemExit) as caught:
        main(["plot", *arguments, "--length", "20", "--scale", "5", "-o", str(path)])
    assert int(caught.value.code or 0) == code and path.exists() == (code == 0)


def test_the_moved_pair_is_an_outcome_of_the_deformation() -> None:
    plain = activations_figure(constructions("uniform"), TASK, distance=3, move=(1, 0)).axes[0]
    assert (1, 0) in Deformation().moves and sum(bars(plain)[0]) == sum(bars(plain)[1]) == 2
