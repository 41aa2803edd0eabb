"""Docstrings: every public name says what it is, takes, refuses, costs, rests on, and shows it; symbols.md holds."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import solver
from solver.sensitivity.quantities import NAMES
from solver.sensitivity.results import LayerValues

ROOT = Path(__file__).resolve().parents[1]

NO_COST = {
    "citation": "joins texts",
    "from_torch": "copies weights",
    "network_from_text": "reads a text",
    "network_text": "writes a text",
    "read_network": "reads a file",
    "to_torch": "copies weights",
    "write_network": "writes a file",
}
"""Functions that compute nothing."""

NO_SOURCE = {
    "citation": "names the sources of others",
    "InputError": "an error",
    "NumberField": "arithmetic of any textbook",
    "Report": "a form of results, which have sources",
    "Sampling": "how much of a method, whose sources `citation` names",
    "SolverError": "an error",
    "channel_graph": "a form of a network",
    "from_torch": "a form of a network",
    "network_from_text": "a form of a network",
    "network_text": "a form of a network",
    "read_network": "a form of a network",
    "to_torch": "a form of a network",
    "write_network": "a form of a network",
}
"""Names that stand for no mathematical quantity."""

NO_DOCTEST = {
    "SolverError": "only its subclasses are raised with a message of their own",
    "from_torch": "needs torch, which is optional",
    "network_from_text": "the doctest of `network_text` reads back what it wrote",
    "read_network": "reads a file",
    "search_deformation": "needs torch, and takes seconds",
    "to_torch": "needs torch, which is optional",
    "write_network": "writes a file",
}
"""Names that a short example cannot show."""

GUARDS = {"choice", "exact", "integer", "rational"}
"""Of `solver.numbers.exact`: they raise InputError."""

SECTION = re.compile(r"^(\w[\w ]*)\n-{3,}\n(.*?)(?=^\w[\w ]*\n-{3,}\n|\Z)", re.MULTILINE | re.DOTALL)


def first_sentence(doc: str) -> bool:
    """Whether a docstring starts with a sentence."""
    return bool(re.match(r"\S.*?[.:](\s|$)", doc, re.DOTALL))


def entries(doc: str, *sections: str) -> set[str]:
    """The names at the head of the entries of some sections."""
    heads = (line for title, text in SECTION.findall(doc) if title in sections for line in text.splitlines())
    named = (line.partition(" : ")[0].split(", ") for line in heads if line[:1].strip())
    return {name.lstrip("*") for names in named for name in names}


def documented(doc: str) -> set[str]:
    """The names that a docstring documents: in its Parameters and Attributes, or in double backticks."""
    return entries(doc, "Parameters", "Attributes") | set(re.findall(r"``(\w+)``", doc))


def definitions() -> Iterator[tuple[str, ast.FunctionDef | ast.ClassDef]]:
    """Yield each public function and class of the package, after the name of its module."""
    for path in sorted((ROOT / "solver").rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                yield module, node


DEFINED = list(definitions())
CARRIERS = {
    node.name: documented(ast.get_docstring(node) or "")
    for _, node in DEFINED
    if isinstance(node, ast.ClassDef) or node.name in solver.__all__
}
"""What the docstrings of classes and public functions document, for those that name one in backticks."""


def parameters(thing: Any) -> set[str]:
    """The names that can be given to a function or a class."""
    return set() if _is_error(thing) else set(inspect.signature(thing).parameters)


def raised(thing: Any) -> set[str]:
    """The exceptions that a function, or what a class does when it is made, raises itself or by a guard."""
    made = getattr(thing, "__post_init__", None) if inspect.isclass(thing) else thing
    if made is None:
        return set()
    tree = ast.parse(textwrap.dedent(inspect.getsource(made)))
    calls = {
        node.exc.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and isinstance(node.exc.func, ast.Name)
    }
    guards = {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)} & GUARDS
    return calls | ({"InputError"} if guards else set())


def cost(doc: str) -> bool:
    """Whether a docstring speaks of the cost."""
    return bool(re.search(r"\b[Cc]osts?\b", doc))


def sources(doc: str) -> set[str]:
    """What a docstring rests on: derivations, papers, pages and sections of docs/."""
    return set(re.findall(r"derivations/\w+\.py|arXiv \d{4}\.\d{4,5}|docs/\w+\.md(?:, section \d+)?", doc))


def exists(source: str) -> bool:
    """Whether a source is there, of those in the repository."""
    if source.startswith("arXiv"):
        return True
    name, _, section = source.partition(", section ")
    page = ROOT / name
    return page.is_file() and (not section or f"\n## {section}. " in page.read_text(encoding="utf-8"))


def missing(name: str) -> list[str]:
    """What the docstring of a public name does not say."""
    thing = getattr(solver, name)
    doc = inspect.getdoc(thing) or ""
    found = documented(doc).union(*(CARRIERS.get(each, ()) for each in re.findall(r"`(?:[\w.]+\.)?(\w+)`", doc)))
    lacks = [] if first_sentence(doc) else ["a first sentence"]
    lacks += [f"the parameter {each}" for each in sorted(parameters(thing) - found)]
    lacks += [f"that it raises {each}" for each in sorted(raised(thing) - entries(doc, "Raises"))]
    if not inspect.isclass(thing) and name not in NO_COST and not cost(doc):
        lacks.append("its cost")
    if name not in NO_SOURCE and not sources(doc):
        lacks.append("a source")
    lacks += [f"a source that exists, not {each}" for each in sorted(sources(doc)) if not exists(each)]
    if name not in NO_DOCTEST and ">>> " not in doc:
        lacks.append("a doctest")
    return lacks


@pytest.mark.parametrize("name", solver.__all__)
def test_a_public_name_says_everything(name: str) -> None:
    assert not missing(name), f"the docstring of {name} lacks {', '.join(missing(name))}"


def test_every_exception_is_needed() -> None:
    docs = {name: inspect.getdoc(getattr(solver, name)) or "" for name in solver.__all__}
    assert not [name for name in NO_COST if inspect.isclass(getattr(solver, name)) or cost(docs[name])]
    assert not [name for name in NO_SOURCE if sources(docs[name])]
    assert not [name for name in NO_DOCTEST if ">>> " in docs[name]]


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def dull(length: int, *, scale: int = 7) -> None:
        raise ValueError("no")

    monkeypatch.setattr(solver, "construct", dull)
    assert missing("construct") == [
        "a first sentence",
        "the parameter length",
        "the parameter scale",
        "that it raises ValueError",
        "its cost",
        "a source",
        "a doctest",
    ]
    dull.__doc__ = "A sentence, see `TwoPixelTask` and derivations/nothing.py; costs l.\n\nRaises\n------\nValueError\n"
    assert missing("construct") == ["a source that exists, not derivations/nothing.py", "a doctest"]


def test_every_function_and_class_starts_with_a_sentence() -> None:
    silent = [f"{module}.{node.name}" for module, node in DEFINED if not first_sentence(ast.get_docstring(node) or "")]
    assert not silent


def test_the_code_in_symbols_exists() -> None:
    rows = (ROOT / "docs" / "symbols.md").read_text(encoding="utf-8").splitlines()[4:]
    names = {each for name in solver.__all__ for each in parameters(getattr(solver, name))}
    wrong = []
    for row in rows:
        holder = ""
        for code in re.findall(r"`([^`]+)`", row.split(" | ")[2]):
            path, _, given = code.partition("(")
            arguments = re.findall(r"\w+", given.partition(")")[0])
            if "." not in path and holder:
                path = f"{holder}.{path}"
            thing = attribute(path)
            if (thing is None and path not in names) or not set(arguments) <= set(_parameters_of(thing)):
                wrong.append(code)
            holder = path.rpartition(".")[0]
    assert len(rows) > 30 and not wrong


def test_the_names_on_the_pages_of_the_api_exist() -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs" / "api").glob("*.md"))
    named = re.findall(r"^\.\. auto(?:class|function|exception|data):: (\S+)$", pages, re.MULTILINE)
    assert len(named) > 60 and not [each for each in named if attribute(each) is None]


def attribute(path: str) -> Any:
    """What a dotted name stands for, from a module, `solver`, or the module that defines its first part; else None."""
    module, _, last = path.rpartition(".")
    if path.startswith("solver."):
        there = {home for home, node in DEFINED if node.name == last} | {"solver"}
        return getattr(import_module(module), last, None) if module in there else None
    first, *rest = path.split(".")
    homes = [home for home, node in DEFINED if node.name == first]
    thing = getattr(solver, first, None) or (getattr(import_module(homes[0]), first) if homes else None)
    values = dict.fromkeys(NAMES) if thing is LayerValues else {}
    for part in rest:
        fields = {**getattr(thing, "__dataclass_fields__", {}), **values}
        thing = getattr(thing, part, None) or (part if part in fields else None)
    return thing


def _is_error(thing: Any) -> bool:
    return inspect.isclass(thing) and issubclass(thing, Exception)


def _parameters_of(thing: Any) -> set[str]:
    return set(inspect.signature(thing).parameters) if callable(thing) else set()
