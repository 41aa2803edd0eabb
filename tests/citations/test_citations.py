"""Citations: BibTeX that compiles, for exactly what was asked, and for every method the solver has."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from sympy import Rational

import solver
from solver import (
    GaussianNoise,
    InputError,
    Layer,
    Network,
    Sampling,
    Sensitivities,
    TwoPixelTask,
    best_deformation,
    citation,
    construct,
    noise_limits,
    sensitivities,
    sensitivity_formula,
    shuffling,
)
from solver.citations.citation import (
    CONTAINING,
    EXACTLY,
    SOLVER,
    TALK,
    backing,
    entries,
)
from solver.cli import main
from solver.constructions.registry import CONSTRUCTIONS
from solver.derive.scripts import derivations_folder
from solver.gaussian.functions import OwensT, Phi, Phi2
from solver.sensitivity.deformation.routes import DEFORMATION_ROUTES
from solver.sensitivity.noise import series as rectified_twice
from solver.sensitivity.noise.routes import ROUTES
from solver.sensitivity.noise.transfer import layer as chain_noise
from solver.sensitivity.quantities import QUANTITIES, Quantity
from solver.sensitivity.shuffling.draws import Shuffles
from solver.values import ClosedValue, ExactValue, NumericValue, Value
from tests.latex import compiles, needs_latex

ROOT = Path(solver.__file__).parent
TASK = TwoPixelTask(length=14, scale=3)
FEW = Sampling(points=16, replicates=4)
ALWAYS = [SOLVER, TALK]
DEFINED = {each.name: each.sources for each in QUANTITIES}
PHI2 = ("johansson2017arb", "johansson2018integration", "plackett1954reduction")
REQUIRED = {
    "article": {"author", "title", "journal", "year"},
    "book": {"author", "title", "publisher", "year"},
    "inproceedings": {"author", "title", "booktitle", "year"},
    "misc": {"author", "title"},
}


def parsed(text: str) -> dict[str, tuple[str, dict[str, str]]]:
    """The entries of BibTeX by their keys, by a small grammar that allows nothing else but comments."""
    entries: dict[str, tuple[str, dict[str, str]]] = {}
    kept = "\n".join(line for line in text.splitlines() if not line.startswith("%"))
    entry = re.compile(r"\s*@([a-z]+)\{([A-Za-z0-9]+),\n((?:  [a-z]+ = \{.*\},\n)+)\}")
    while kept.strip():
        match = entry.match(kept)
        assert match, kept[:200]
        kind, key, body = match.groups()
        fields = dict(re.findall(r"^  ([a-z]+) = \{(.*)\},$", body, re.MULTILINE))
        assert key not in entries and len(fields) == body.count("\n")
        assert all(_balanced(value) for value in fields.values())
        entries[key] = (kind, fields)
        kept = kept[match.end() :]
    return entries


def _balanced(text: str) -> bool:
    depth = 0
    for character in text:
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth < 0:
            return False
    return depth == 0


@cache
def results(name: str = "shift", method: str = "auto", rectified: bool = False) -> Sensitivities:
    noise = GaussianNoise(rectified=rectified)
    return sensitivities(construct(name, TASK), TASK, method=method, sampling=FEW, noise=noise)


def written(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as caught:
        main(["cite", *arguments])
    assert not caught.value.code, capsys.readouterr().err
    return capsys.readouterr().out


# The entries


def test_entries_are_complete_and_plain() -> None:
    found = parsed("\n\n".join(entries().values()))
    assert list(found) == list(entries())
    for kind, fields in found.values():
        assert REQUIRED[kind] <= fields.keys() and all(value.isascii() for value in fields.values())
    for text in entries().values():
        assert re.match(r"% [^@\n]+\n@", text)  # a comment that starts no entry


def test_the_parser_refuses_broken_entries() -> None:
    for broken in ("@misc{a,\n  title = {x}\n}", "@misc{a,\n  title = {x}},\n}", "text", "@misc{a,\n}"):
        with pytest.raises(AssertionError):
            parsed(broken)


def test_the_citation_file_says_the_same() -> None:
    yaml = pytest.importorskip("yaml")
    file = yaml.safe_load((ROOT.parent / "CITATION.cff").read_text())
    sources = {key: fields for key, (_, fields) in parsed("\n\n".join(entries().values())).items()}
    own = sources[SOLVER]
    assert own["note"] == f"Software, version {file['version']}" and file["version"] == solver.__version__
    assert own["title"].replace("{", "").replace("}", "") == file["title"]
    assert own["author"] == "{" + file["authors"][0]["name"] + "}"
    by_title = {fields["title"]: fields for fields in sources.values()}
    assert len(file["references"]) == 3
    for reference in file["references"]:
        fields = by_title[reference["title"]]
        names = [f"{each['family-names']}, {each['given-names']}" for each in reference["authors"]]
        assert fields["author"] == " and ".join(names) and fields["year"] == str(reference["year"])
        for identifier in reference.get("identifiers", ()):
            assert identifier["value"] in fields.values()


@needs_latex
@pytest.mark.skipif(shutil.which("bibtex") is None, reason="bibtex is not installed")
def test_bibtex_reads_every_entry(tmp_path: Path) -> None:
    (tmp_path / "sources.bib").write_text("\n\n".join(entries().values()))
    body = r"\nocite{*}\bibliographystyle{plain}\bibliography{sources}"
    compiles(body, "", tmp_path)
    done = subprocess.run(["bibtex", "page"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "Warning" not in done.stdout, done.stdout
    compiles(body, "", tmp_path)
    assert (tmp_path / "page.bbl").read_text().count("\\bibitem") == len(entries())


# What is cited


def test_without_a_result_the_solver_and_the_talk_are_cited() -> None:
    assert list(parsed(citation())) == ALWAYS and not citation().startswith("% shift")


@pytest.mark.parametrize(
    ("layer", "quantity", "keys", "scripts"),
    [
        ("1", "D", DEFINED["D"], ["deformation_last_layer"]),
        ("output", "D", DEFINED["D"], ["response", "deformation_output"]),
        ("0", "G", DEFINED["G"], []),
        (
            "output",
            "G",
            (*DEFINED["G"], "johansson2017arb", "johansson2018integration", "plackett1954reduction"),
            None,
        ),
    ],
)
def test_exactly_what_was_used_is_cited(
    layer: str, quantity: str, keys: tuple[str, ...], scripts: list[str] | None
) -> None:
    text = citation(results(), layers=[layer], quantities=[quantity])
    assert list(parsed(text)) == [*ALWAYS, *keys]
    if scripts is not None:
        found = re.findall(r"^%   derivations/(\w+)\.py$", text, re.MULTILINE)
        assert [name for name in found if name != "effective_kernels"] == scripts


@pytest.mark.parametrize("quantity", QUANTITIES, ids=lambda each: each.name)
def test_every_quantity_can_be_cited(quantity: Quantity) -> None:
    text = citation(results(), layers=["1"], quantities=[quantity.name])
    assert f"layer 1, {quantity.name} (" in text and quantity.sources
    assert {*ALWAYS, *quantity.sources} <= parsed(text).keys()
    parts = [citation(results(), layers=["1"], quantities=[part]) for part in quantity.parts]
    assert all(parsed(part).keys() <= parsed(text).keys() for part in parts)


def test_routes_bring_their_sources() -> None:
    deep = TwoPixelTask(length=14, scale=5)
    found = sensitivities(construct("shift", deep), deep, sampling=FEW)
    text = citation(found, layers=["last"], quantities=["G"])
    assert "johansson2017arb" in parsed(text) and "derivations/noise_last_layer.py" in text
    assert text == citation(found, layers=["2"], quantities=["G"])
    sampled = sensitivities(construct("uniform", deep), deep, method="sampling", sampling=FEW)
    text = citation(sampled, layers=["last"], quantities=["R"])
    assert {*DEFINED["R"], "joe2008sobol", "owen1998scrambling"} <= parsed(text).keys()
    assert re.findall(r"derivations/(\w+)", text) == [
        "effective_kernels",
        "deformation_last_layer",
        "relative_stability",
    ]


@pytest.mark.parametrize(
    ("value", "keys"),
    [
        (best_deformation(9, TASK).value, ["johansson2017arb"]),
        (best_deformation(3).value, ["johansson2017arb"]),  # irrational: its digits come from balls
        (ExactValue(Fraction(1, 2), "network"), []),
        (NumericValue(1.0, 0.1, chain_noise.LAYER_METHOD), ["stenger1993sinc", "johansson2017arb"]),
        (ClosedValue(Phi(1), "network"), ["johansson2017arb"]),
        (
            ClosedValue(Phi2(1, 2, Rational(1, 2)), "network"),
            [*PHI2],
        ),
        (
            ClosedValue(Phi2(1, 2, Rational(1, 2)).rewrite(OwensT), "network"),
            ["johansson2017arb", "johansson2018integration", "owen1956tables"],
        ),
    ],
)
def test_values_can_be_cited_alone(value: Value, keys: list[str]) -> None:
    assert list(parsed(citation(value))) == [*ALWAYS, *keys]


def test_missing_values_bring_nothing() -> None:
    flat = sensitivities(Network(layers=[Layer(filters=[[[1]]], bias=[-5])]), TASK)
    text = citation(flat, layers=["output"], quantities=["D"])
    assert "the denominator is 0" in text and list(parsed(text)) == ALWAYS


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"layers": ["9"]}, "layer: expected 0 to 1, last, output or all"),
        ({"layers": ["-1"]}, "layer: expected"),
        ({"quantities": ["cost"]}, "quantity"),
    ],
)
def test_what_there_is_not_cannot_be_cited(arguments: Any, match: str) -> None:
    with pytest.raises(InputError, match=match):
        citation(results(), **arguments)
    with pytest.raises(InputError, match="expected Sensitivities"):
        citation("shift")  # type: ignore[arg-type]


def test_a_name_starts_no_entry() -> None:
    text = citation(sensitivities(Network(layers=[Layer(filters=[[[1]]])], name="@misc{me,"), TASK), quantities=["D"])
    assert "(at)misc{me," in text and len(parsed(text)) == text.count("@")


def test_a_layer_that_is_not_there_is_refused_before_anything_is_calculated(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def calculated(*_: Any) -> Any:
        raise AssertionError

    monkeypatch.setattr("solver.commands.cite.chosen_results", calculated)
    with pytest.raises(SystemExit) as stopped:
        main(["cite", "--construction", "uniform", "--layer", "99"])
    assert stopped.value.code == 2 and "layer: expected 0 to 3, last" in capsys.readouterr().err


# Every method has a backing, and every route a proof that exists


def _module(path: Path) -> Any:
    return import_module("solver." + ".".join(path.relative_to(ROOT).with_suffix("").parts))


def stated_methods() -> Iterator[tuple[str, str]]:
    """What is given as ``method`` wherever a value is made: the text itself, or the code that says it."""
    places = {"ExactValue": 1, "ClosedValue": 1, "NumericValue": 2, "EnclosedValue": 1, "as_value": 1, "quotient": 9}
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in places:
                named = [keyword.value for keyword in node.keywords if keyword.arg == "method"]
                argument = (named or node.args[places[node.func.id] :])[:1]
                if argument:
                    yield _stated(argument[0], path)


def _stated(node: ast.expr, path: Path) -> tuple[str, str]:
    if isinstance(node, ast.Constant):
        return "text", str(node.value)
    text = getattr(_module(path), node.id, None) if isinstance(node, ast.Name) else None
    return ("text", text) if isinstance(text, str) else ("code", ast.unparse(node))


PASSED_ON = {
    "DISTANCES.method",
    "LINEAR.method",
    "bounded",
    "f'{_PREFIX}{value.method}'",
    "f'formula, {self.proof.method}'",
    "f'{method}, {sets}'",
    "found.method",
    "g.method",
    "method",
    "self.method",
    "v['G'].method",
}
"""Methods that are handed on or made up of parts; `test_values_have_routes` meets them."""


def test_every_method_stated_has_a_route() -> None:
    found = set(stated_methods())
    texts = {text for kind, text in found if kind == "text"} - {"", "closed"}  # those two are only made floats of
    assert len(texts) > 10
    for text in texts:
        backing(text)
    assert {text for kind, text in found if kind == "code"} == PASSED_ON
    made_up = {"formula, derived", "formula, identified", "none"}
    of_routes = {each.method for each in DEFORMATION_ROUTES} | {each.method for each in ROUTES}
    assert set(EXACTLY) - texts - of_routes == made_up


METHODS_TRIED = ("auto", "transfer", "sampling")


def values() -> Iterator[Value]:
    """Values by every way in which methods are handed on."""
    hard = Network(layers=[Layer(filters=[[[1, 1, 1]]], activation="hardtanh")])
    asked = [results(name, method) for name in ("uniform", "shift") for method in ("auto", "sampling")]
    asked += [results("uniform", rectified=True), sensitivities(hard, TASK, sampling=FEW)]
    deep = TwoPixelTask(length=14, scale=5)
    asked += [sensitivities(construct("shift", deep), deep, method=method, sampling=FEW) for method in METHODS_TRIED]
    for layer in (layer for each in asked for layer in each.layers):
        yield from (layer.D, layer.G, layer.R, layer.G_identity, layer.price, layer.G_coherent, layer.G_incoherent)
    for network in (construct("uniform", TASK), hard):
        for limit in noise_limits(network, TASK, sampling=FEW).layers:
            yield from (limit.weak, limit.finite, limit.strong)
    for most in (1, 10**6):
        for layer in shuffling(results(), Shuffles(most=most, sample=4, noisy=2, points=16)).layers:
            yield from layer.values.values()
    yield sensitivity_formula("shift", "output", "l,xi").value(l=20, xi=5)


def test_values_have_routes() -> None:
    methods = {value.method for value in values()}
    assert len(methods) >= 12 and {rectified_twice.PROVEN, chain_noise.LAYER_METHOD} < methods
    for method in methods:
        backing(method)


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(InputError, match="no route of the solver is called 'guessed'"):
        backing("guessed")


def test_every_derivation_named_is_there_and_every_entry_is_used() -> None:
    routes = [*EXACTLY.values(), *CONTAINING.values()]
    proofs = [
        *(p for each in (*routes, *QUANTITIES) for p in each.proofs),
        *(p for each in CONSTRUCTIONS.values() for p in each.proofs),
    ]
    scripts = {path.stem for path in derivations_folder().glob("*.py")}
    assert {proof.script for proof in proofs} <= scripts
    assert {name for proof in proofs for name in proof.constructions} <= set(CONSTRUCTIONS)
    used = {key for each in (*routes, *QUANTITIES) for key in each.sources}
    functions = {"johansson2018integration", "plackett1954reduction", "owen1956tables"}
    assert used | functions | set(ALWAYS) == set(entries())


# The command


def test_command_cites_what_is_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert written([], capsys) == citation()
    question = ["--length", "14", "--scale", "3", "--construction", "shift"]
    text = written([*question, "--layer", "last,output", "--quantity", "D"], capsys)
    assert text == citation(results(), layers=["last", "output"], quantities=["D"])
    written([*question, "--layer", "0", "-o", str(tmp_path / "a.bib")], capsys)
    assert (tmp_path / "a.bib").read_text() == citation(results(), layers=["0"])


def test_command_leaves_out_the_layers_above(capsys: pytest.CaptureFixture[str]) -> None:
    text = written(["--construction", "uniform", "--layer", "1", "--quantity", "G"], capsys)
    assert text.startswith("% uniform, layer 1, G (closed): closed form, rectified once\n%   derivations/")


@pytest.mark.parametrize("arguments", [["--layer", "7"], ["--layer", "x"], ["--quantity", "D,cost"]])
def test_command_refuses(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["cite", "--length", "14", "--scale", "3", *arguments])
    assert caught.value.code == 2 and capsys.readouterr().err.startswith("solver: ")
