"""The page in a real browser: what it calculates and shows against the solver, by keyboard, on a phone, in the dark."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pytest

from solver import (
    Deformation,
    Network,
    Sampling,
    TwoPixelTask,
    activations,
    construct,
    response,
    sensitivities,
)
from solver.network.trace import preactivations
from solver.page.data import PageOptions, case_data, grid, page_data
from solver.page.document import page_html
from solver.question.deformation import deformation_outcomes
from solver.report.cells import decimal
from solver.sensitivity.deformation.moments import image_moments
from tests.browser import Page, chromium

NAMES = ("uniform", "shift")
TASKS = [(15, 3), (15, 5), (15, 7), (16, 3), (16, 5), (16, 7)]
MOVES = list(product((-1, 0, 1), repeat=2))
FEW = Sampling(points=32, replicates=2)
CASE = "DATA.cases.find((each) => each.length === arguments[0] && each.scale === arguments[1])"
LEFT, RIGHT, TAB, SPACE, ENTER = "\ue012", "\ue014", "\ue004", " ", "\ue007"
CONTROLS = ["length", "scale", "distance", "deform", "move1", "move2", "eta", "sigma", "draw", "layer", "site"]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The page of a few small tasks, in one browser for all tests."""
    with chromium() as browser:
        how = PageOptions(method="sampling", sampling=FEW)
        path = tmp_path_factory.mktemp("page") / "play.html"
        path.write_text(page_html(page_data(case_data(*task, how) for task in grid((15, 16), (3, 5, 7)))), "utf-8")
        page = Page(browser, path)
        page.open()
        yield page


@pytest.fixture
def window(opened: Page) -> Iterator[Page]:
    """A wide light window, for a page that the test opens; what the page logs, it may not log."""
    opened.emulate()
    yield opened
    assert opened.complaints() == []


@pytest.fixture
def page(window: Page) -> Page:
    """The page at its starting point."""
    window.open()
    return window


@cache
def network(name: str, length: int, scale: int) -> Network:
    return construct(name, TwoPixelTask(length=length, scale=scale))


@cache
def solved(name: str, length: int, scale: int) -> Any:
    task = TwoPixelTask(length=length, scale=scale)
    return sensitivities(construct(name, task), task, method="sampling", sampling=FEW)


def moved_image(length: int, d: int, move: tuple[int, int]) -> np.ndarray:
    """The image that the page shows: pixels d apart around the middle, each moved."""
    first = length // 2 - d // 2
    return TwoPixelTask(length=length, scale=2).image(first + move[0], first + d + move[1])


def maps_of(net: Network, images: np.ndarray) -> list[Any]:
    """The maps of a batch of images, as nested lists of integers: [layer][image][channel][site]."""
    return [a.exact().tolist() for a in activations(net, images)]


@pytest.mark.parametrize("task", TASKS)
def test_integer_maps_are_the_solvers_for_every_pair_and_move(opened: Page, task: tuple[int, int]) -> None:
    length, _ = task
    states = [(d, move) for d in range(1, length // 2 + 1) for move in MOVES]
    images = np.stack([moved_image(length, d, move) for d, move in states])
    script = f"""
        const states = arguments[2];
        return {CASE}.networks.map((net) => states.map(([d, m]) => everything(net, movedImage(arguments[0], d, m))));
    """
    for name, found in zip(NAMES, opened.read(script, *task, states), strict=True):
        net = network(name, *task)
        expected = [*maps_of(net, images), [[[f]] for f in response(net, images)]]
        assert found == [[layer[n] for layer in expected] for n in range(len(states))]


@pytest.mark.parametrize("task", TASKS)
def test_windows_add_up_to_the_preactivation(opened: Page, task: tuple[int, int]) -> None:
    length, scale = task
    for name, n in zip(NAMES, (0, 1), strict=True):
        net = network(name, *task)
        for d in (1, scale - 1, length // 2):
            script = f"return windows({CASE}.networks[{n}], arguments[0], pixelSites(arguments[0], arguments[2]))"
            one, two = opened.read(script, *task, d)
            z = preactivations(net, moved_image(length, d, (0, 0)), net.depth).exact()[0, 0]
            assert [a + b + int(net.layers[-1].bias[0]) for a, b in zip(one, two, strict=True)] == z.tolist()
            assert sum(a > 0 and b > 0 for a, b in zip(one, two, strict=True)) == max(scale - d, 0)


@pytest.mark.parametrize("task", TASKS)
def test_deformations_are_the_solvers(opened: Page, task: tuple[int, int]) -> None:
    whole = TwoPixelTask(length=task[0], scale=task[1])
    script = f"""
        return {CASE}.networks.map((net) => {{
          const found = deformation(net, arguments[0]);
          return [found.D.map(fractionText), found.spread.map(fractionText)];
        }});
    """
    for name, (D, spread) in zip(NAMES, opened.read(script, *task), strict=True):
        moments = image_moments(network(name, *task), whole, Deformation())
        assert [Fraction(each) for each in spread] == [each.spread for each in moments]
        assert [Fraction(each) for each in D] == [layer.D.exact for layer in solved(name, *task).layers]


def test_sums_over_nine_outcomes_are_the_solvers(opened: Page) -> None:
    length, scale = 16, 5
    task = TwoPixelTask(length=length, scale=scale)
    for name, n in zip(NAMES, (0, 1), strict=True):
        net = network(name, length, scale)
        for d in (1, 2, 5, 8):
            found = opened.read(f"return summedChanges({CASE}.networks[{n}], arguments[0], {d})", length, scale)
            outcomes = deformation_outcomes(task, Deformation(), 3, 3 + d)
            batch = np.stack([task.image(3, 3 + d), *(image for image, _ in outcomes)])
            weights = [p for _, p in outcomes]
            norms = [(a[1:] - a[:1]).squared_norms() for a in activations(net, batch)]
            f = response(net, batch)
            norms.append([(value - f[0]) ** 2 for value in f[1:]])
            assert found == [9 * sum(w * v for w, v in zip(weights, each, strict=True)) for each in norms]


SHOWN = """
    const all = (selector) => [...document.querySelectorAll(selector)];
    const rows = (table) => [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.textContent));
    return {
      inspector: all("#inspector table").map(rows),
      output: all(".output").map((e) => e.textContent.split(",")),
      changes: all("#changes table").map(rows),
      here: all("#shares .here").map((e) => e.textContent),
      values: Object.fromEntries(all("[data-value]").map((e) => [e.dataset.value, e.firstChild.data.split(" = ")])),
      digits: Object.fromEntries(rows(all("#sensitivities > table").at(-1)).map(([name, ...cells]) => [name, cells])),
      overlap: all(".overlap-words").map((e) => e.textContent),
      response: document.getElementById("response-words").textContent,
      pair: document.getElementById("pair-words").textContent,
    };
"""


def assert_shows_its_setting(page: Page) -> dict[str, float]:
    """Everything that is written on the page belongs to the setting in its address, and is what the solver says."""
    at, shown = page.setting(), page.read(SHOWN)
    length, scale, d, k, p = (int(at[key]) for key in ("l", "xi", "d", "k", "p"))
    move = (int(at["s"]), int(at["t"])) if at["deform"] else (0, 0)
    images = np.stack([moved_image(length, d, (0, 0)), moved_image(length, d, move)])
    for n, name in enumerate(NAMES):
        net = network(name, length, scale)
        maps, (f, g) = activations(net, images), response(net, images)
        rows = [[str(v) for v in channel] for a in maps for channel in a.exact()[:, :, p].T]
        assert [row[2:4] for row in shown["inspector"][n]] == rows
        line = shown["output"][n]
        assert line[0].endswith(f"= {f}") and (not at["deform"] or line[1] == f"  of τx: {g}")
        assert shown["overlap"][n].endswith(f"= {g}.")
        changes = [str((a[1:] - a[:1]).squared_norms()[0]) for a in maps] + [str((g - f) ** 2)]
        assert [row[1] for row in shown["changes"][n]] == changes and shown["here"][n] == changes[k]
        assert f"{name} {f}" in shown["response"]
        assert_shows_sensitivities(shown, name, (length, scale), k)
    assert "equals the solver's" in shown["pair"]
    return at


def assert_shows_sensitivities(shown: dict[str, Any], name: str, task: tuple[int, int], k: int) -> None:
    """D, G, R and the price of every layer, as the solver writes them; those of layer k to fifteen digits."""
    layers = solved(name, *task).layers
    for n, layer in enumerate(layers):
        assert str(layer.D.exact) in shown["values"][f"{name} {n} D"]
        for quantity in ("D", "G", "R", "price"):
            text = decimal(getattr(layer, quantity), 6)
            assert shown["values"][f"{name} {n} {quantity}"][-1] == ("–" if text == "-" else text)
    assert [row[5] for row in shown["changes"][NAMES.index(name)]] == [str(layer.D.exact) for layer in layers]
    for quantity in ("D", "G", "R"):
        value = getattr(layers[k], quantity)
        assert shown["digits"][f"{quantity} of {name}"][:2] == [str(value.value()), str(value.error())]


def test_the_start_shows_itself(page: Page) -> None:
    assert assert_shows_its_setting(page) == {
        "l": 32 // 2, "xi": 7, "d": 5, "s": 1, "t": 0, "k": 3, "p": 15, "noise": 1, "seed": 1, "deform": 1, "eta": 0,
    }  # fmt: skip


SLIDERS = [
    ("length", "l", LEFT, 15, "15 sites"),
    ("scale", "xi", LEFT, 5, "5"),
    ("distance", "d", RIGHT, 6, "6"),
    ("move1", "s", LEFT, 0, "0"),
    ("move2", "t", LEFT, -1, "−1"),
    ("sigma", "noise", RIGHT, 1.05, "1.05, σ ≈ 0.4287"),
    ("layer", "k", RIGHT, 4, "the output fₚ"),
    ("site", "p", LEFT, 14, "14"),
]


@pytest.mark.parametrize(("slider", "key", "press", "value", "words"), SLIDERS, ids=[each[0] for each in SLIDERS])
def test_every_slider_moves_by_keyboard(
    page: Page, slider: str, key: str, press: str, value: float, words: str
) -> None:
    before = page.setting()
    page.run("document.getElementById(arguments[0]).focus()", slider)
    page.press(press)
    after = assert_shows_its_setting(page)
    clamped = {"length": {"p"}, "sigma": {"eta"}}.get(slider, set())
    assert {k for k in after if after[k] != before[k]} - clamped == {key} and after[key] == value
    assert page.text(f"#{slider}-shown") == words
    assert page.run("const e = document.activeElement; return [e.id, e.ariaValueText]") == [slider, words]
    assert page.text(f"label[for={slider}]")


def test_every_slider_moves_by_hand(page: Page) -> None:
    script = """
        const slider = document.getElementById(arguments[0]);
        slider.value = slider[arguments[1]];
        slider.dispatchEvent(new Event("input", { bubbles: true }));
    """
    for edge, slider in product(("min", "max"), [each[0] for each in SLIDERS]):
        page.run(script, slider, edge)
        assert_shows_its_setting(page)
    assert list(page.setting().values()) == [16, 7, 8, 1, 1, 4, 15, 3, 1, 1, 1]


@pytest.mark.parametrize(("slider", "box"), [("move1", "deform"), ("move2", "deform"), ("sigma", "eta")])
def test_moving_what_is_off_switches_it_on(window: Page, slider: str, box: str) -> None:
    window.open("#l=16&xi=5&d=3&s=0&t=0&deform=0&eta=0")
    assert window.setting()[box] == 0
    window.run("document.getElementById(arguments[0]).focus()", slider)
    window.press(RIGHT)
    assert assert_shows_its_setting(window)[box] == 1


def test_colliding_pixels_add(window: Page) -> None:
    window.open("#l=16&xi=5&d=1&s=1&t=0&k=1&p=9")
    assert_shows_its_setting(window)
    assert window.table("#inspector table:nth-child(1)")[0][2:] == ["1", "2"]
    assert "the pixels meet" in window.text("#response-words") and "0 apart" in window.text("#image-words")


def test_a_still_image_is_compared_with_itself(window: Page) -> None:
    window.open("#l=16&xi=5&d=3&s=1&t=-1&deform=0")
    assert_shows_its_setting(window)
    assert "of τx" not in window.text("#output-uniform") and "not deformed" in window.text("#image-words")
    assert window.text("#interference figcaption").endswith("the windows of x")


def test_interference_counts_the_overlap(window: Page) -> None:
    window.open("#l=16&xi=7&d=5&s=1&t=0&deform=1")
    said = window.run("return [...document.querySelectorAll('.overlap-words')].map((e) => e.textContent)")
    assert said == [
        "Overlap: 3 sites. Pooled: 54 − 11 = 43; fₚ = 43 − 40 = 3.",
        "Overlap: 3 sites. Pooled: 14 − 11 = 3; fₚ = 3.",
    ]


def test_noise_is_gaussian_and_comes_from_its_seed(opened: Page) -> None:
    draws = np.array(opened.read("return [1, 2, 1].map((seed) => gaussianNoise(40000, 0.5, seed))"))
    assert np.array_equal(draws[0], draws[2]) and not np.array_equal(draws[0], draws[1])
    for draw in draws[:2]:
        assert abs(draw.mean()) < 5 * 0.5 / 200 and abs(draw.var() - 0.25) < 5 * 0.25 * (2 / 40000) ** 0.5
        assert abs((draw**3).mean()) < 5 * 0.125 * (15 / 40000) ** 0.5
    sigma = opened.read(f"return matchedSigma({CASE})", 16, 5)
    assert abs(16 * sigma**2 - 8 / 3) < 1e-12


def test_noisy_maps_are_the_forward_pass_in_floats(opened: Page) -> None:
    eta, found = opened.read(f"""
        const eta = gaussianNoise(16, 0.4, 7);
        const image = imageAt(16, [3, 8]).map((a, p) => a + eta[p]);
        return [eta, {CASE}.networks.map((net) => activations(net, image))];
    """.replace("arguments[0]", "16").replace("arguments[1]", "5"))  # fmt: skip
    image = TwoPixelTask(length=16, scale=5).image(3, 8) + np.array(eta)
    exact = np.array([Fraction(v) for v in image], dtype=object)
    for name, maps in zip(NAMES, found, strict=True):
        for mine, theirs in zip(maps, activations(network(name, 16, 5), exact), strict=True):
            assert np.allclose(mine, theirs.exact()[0].astype(float), rtol=0, atol=1e-12)


def test_noise_is_drawn_anew_and_marked(page: Page) -> None:
    count = "return document.querySelectorAll('#panels .noisy').length"
    assert page.run(count) == 0
    page.run("document.getElementById('draw').focus()")
    page.press(ENTER)
    at = page.setting()
    assert (at["eta"], at["seed"]) == (1, 2) and page.run(count) == 4 + (1 + 3 + 5 + 1)
    first = page.text("#output-shift")
    assert "with noise: " in first and "floating point" in page.text("label:has(#eta)")
    page.press(SPACE)
    assert page.setting()["seed"] == 3 and page.text("#output-shift") != first
    page.run("document.getElementById('eta').focus()")
    page.press(SPACE)
    assert page.setting()["eta"] == 0 and page.run(count) == 0


def test_pointing_at_a_map_reads_it(page: Page) -> None:
    from selenium.webdriver import ActionChains

    page.run("document.getElementById('panels').scrollIntoView({ behavior: 'instant' })")
    svg = page.browser.find_element("css selector", "#panels svg")
    x, y = page.run("""
        const svg = document.querySelector("#panels svg");
        const { x, width } = svg.strips;
        return [x + (3.5 * width) / 16 - svg.clientWidth / 2, svg.places[1][0] + 20 - svg.clientHeight / 2];
    """)
    ActionChains(page.browser, duration=0).move_to_element_with_offset(svg, int(x), int(y)).click().perform()
    page.settle()
    at = assert_shows_its_setting(page)
    assert (at["p"], at["k"]) == (3, 1)


def test_links_bring_a_setting_back(window: Page) -> None:
    window.open("#l=15&xi=5&d=4&s=-1&t=1&k=2&p=7&noise=0.5&seed=9&deform=1&eta=1")
    at = assert_shows_its_setting(window)
    assert list(at.values()) == [15, 5, 4, -1, 1, 2, 7, 0.5, 9, 1, 1]
    window.run("document.querySelector('header a').click()")
    window.settle()
    assert (window.setting()["l"], window.setting()["deform"]) == (16, 0)
    assert_shows_its_setting(window)


@pytest.mark.parametrize(
    "fragment", ["#l=1e9&xi=-3&d=99&s=7&t=-7&k=50&p=-1&noise=99&seed=0", "#l=x&xi=&d=NaN&p", "#<b>"]
)
def test_links_out_of_range_are_brought_within_it(window: Page, fragment: str) -> None:
    window.open(fragment)
    assert_shows_its_setting(window)


def test_the_focus_follows_the_page(page: Page) -> None:
    visited = []
    for _ in range(40):
        page.press(TAB)
        found = page.run("""
            const e = document.activeElement;
            const outline = getComputedStyle(e).outlineStyle;
            return [e.id || e.name || e.className || e.tagName, outline];
        """)
        assert found[1] == "solid"
        visited.append(found[0])
        if found[0] == "SUMMARY" and "changes" in visited:
            break
    assert visited[:8] == ["skip", *["A"] * 6, "SUMMARY"]
    assert visited[8:] == [*CONTROLS, "inspector", "axis", "sensitivities", "changes", "SUMMARY"]


def test_all_integers_are_in_the_tables(page: Page) -> None:
    page.run("document.querySelector('#all summary').focus()")
    page.press(ENTER)
    at = assert_shows_its_setting(page)
    still = moved_image(16, int(at["d"]), (0, 0))
    rows = page.table("#maps > div:nth-child(1)")
    for k, each in enumerate(activations(network("uniform", 16, 7), still)):
        assert rows[2 * k][1:] == [str(v) for v in each.exact()[0, 0]]
    assert page.table("#maps > div:nth-child(4)")[0] == ["layer 1, offset -1", "x: 1 0 0", "0"]


@pytest.mark.parametrize(("axis", "labels"), [("k", "layer 3"), ("xi", "ξ 7"), ("l", "l 16")])
def test_curves_run_along_the_axis_asked_for(page: Page, axis: str, labels: str) -> None:
    page.run("document.querySelector(`[name=axis][value=${arguments[0]}]`).click()", axis)
    titles = page.run("return [...document.querySelectorAll('#curves svg')].map((e) => e.ariaLabel)")
    for quantity, title in zip(("D", "G", "R"), titles, strict=True):
        values = [float(getattr(solved(name, 16, 7).layers[3], quantity)) for name in NAMES]
        assert title.startswith(quantity) and f"at {labels}: " in title
        said = [float(part.split()[-1]) for part in title.split(": ")[1].split(", ")]
        assert said == pytest.approx(values, rel=1e-3)
    assert page.run("return document.querySelectorAll('#curves .ringed').length") == 6


def test_a_wrong_number_does_not_go_unnoticed(page: Page) -> None:
    page.run("DATA.cases.at(-1).networks[1].sensitivities[2].D.exact = '1/2'; update({ d: 2 })")
    assert "DISAGREES with the solver: shift, a₂: 232/315, not 1/2." in page.text("#pair-words")
    assert page.run("try { whole(2 ** 53); } catch (error) { return error.name; }") == "RangeError"


def test_formulas_are_laid_out(page: Page) -> None:
    over = page.run("""
        return [...document.querySelectorAll("mfrac")].map((e) => {
          const [a, b] = [...e.children].map((each) => each.getBoundingClientRect());
          return b.top >= a.bottom - 1 && a.width > 0 && b.width > 0;
        });
    """)
    assert len(over) >= 4 and all(over)
    assert "parsererror" not in page.run("return document.documentElement.outerHTML")


def test_nothing_is_loaded(page: Page) -> None:
    assert page.run("return performance.getEntriesByType('resource').map((e) => e.name)") == []
    assert page.run("return document.documentElement.lang") == "en" and "ring" in page.run("return document.title")


UNREADABLE = """
    const parse = (c) => c.match(/[\\d.]+/g).map(Number);
    const light = (c) => {
      const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
      const [r, g, b] = parse(c).slice(0, 3).map((v) => linear(v / 255));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ratio = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
    const ground = (e) => {
      for (; e; e = e.parentElement) {
        const c = getComputedStyle(e).backgroundColor;
        if ((parse(c)[3] ?? 1) === 1) return c;
      }
      return "rgb(255, 255, 255)";
    };
    const probe = document.createElement("i");
    document.body.append(probe);
    probe.style.background = "var(--band)";
    const band = getComputedStyle(probe).backgroundColor;
    const found = [];
    for (const e of document.querySelectorAll("body *")) {
      if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || e.closest("script")) continue;
      const style = getComputedStyle(e);
      const drawn = e instanceof SVGElement && !e.classList.contains("pixel-name");
      const grounds = drawn ? [ground(e), band] : e instanceof SVGElement ? [] : [ground(e)];
      const color = drawn ? style.fill : style.color;
      for (const c of grounds) if (ratio(color, c) < 4.5) found.push([e.outerHTML.slice(0, 80), ratio(color, c), c]);
    }
    probe.remove();
    return found;
"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_can_be_read(window: Page, dark: bool) -> None:
    window.emulate(dark=dark)
    window.open("#l=16&xi=7&d=5&s=1&t=0&eta=1")
    ground = window.run("return getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") is not dark
    assert window.run(UNREADABLE) == []


@pytest.mark.parametrize("width", [320, 375, 768, 1280])
def test_no_width_needs_sideways_scrolling(window: Page, width: int) -> None:
    window.emulate(width=width, height=800)
    window.open("#l=16&xi=7&d=5&s=1&t=0&eta=1")
    window.run("document.getElementById('controls').open = true; document.getElementById('all').open = true")
    assert window.run("return document.documentElement.scrollWidth") <= width
    edges = "return [...document.querySelectorAll('svg')].map((e) => e.getBoundingClientRect().right)"
    assert max(window.read(edges)) <= width
    assert_shows_its_setting(window)


def test_a_phone_folds_the_settings_away(window: Page) -> None:
    window.emulate(width=375, height=800)
    window.open()
    assert window.run("return document.getElementById('controls').open") is False
    assert window.text("#setting") == "l = 16, ξ = 7, d = 5, k = 3"
    window.run("document.querySelector('#controls summary').focus()")
    window.press(ENTER)
    window.run("document.getElementById('pair-title').scrollIntoView({ behavior: 'instant' })")
    assert window.run("return document.querySelector('#controls summary').getBoundingClientRect().top") >= 0


@pytest.mark.parametrize("still", [False, True])
def test_motion_is_reduced_on_request(page: Page, still: bool) -> None:
    page.emulate(still=still)
    assert page.run("return getComputedStyle(document.documentElement).scrollBehavior") == (
        "auto" if still else "smooth"
    )
