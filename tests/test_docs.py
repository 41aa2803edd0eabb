"""The pages: links resolve, Python runs and prints what is shown, command lines parse, the API is complete."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

import solver
from solver.cli import cli, main
from solver.sensitivity.deformation.routes import DEFORMATION_ROUTES
from solver.sensitivity.noise.closed import CLOSED_ROUTES
from solver.sensitivity.noise.routes import ROUTES

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
MADE = {"changes.md", "commands.md", "contributing.md"}
PAGES = sorted(
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    + [path for folder in (DOCS, DOCS / "howto", DOCS / "api") for path in folder.glob("*.md") if path.name not in MADE]
)
OUTPUT = ("", "text")
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?://)([^)#\s]*)(#[^)\s]+)?\)")
COMMAND = re.compile(r"^(?:\$ |    )?solver (?!\w+:)(.+)$", re.MULTILINE)


def named(path: Path) -> str:
    """The page as the tests call it."""
    return str(path.relative_to(ROOT))


def fences(page: Path) -> Iterator[tuple[str, str, str | None]]:
    """Yield the language and the text of each fence, and the output that is shown right after it, if any."""
    text = page.read_text(encoding="utf-8")
    found = list(FENCE.finditer(text))
    for fence, after in zip(found, [*found[1:], None], strict=False):
        follows = after is not None and not text[fence.end() : after.start()].strip() and after[1] in OUTPUT
        yield fence[1], fence[2], after[2] if after is not None and follows else None


def slugs(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and the site make them."""
    prose = FENCE.sub("", page.read_text(encoding="utf-8"))
    heads = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_resolve(page: Path) -> None:
    for target, anchor in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        there = (page.parent / target).resolve() if target else page
        assert there.exists(), f"{named(page)} links to {target}"
        assert not anchor or anchor[1:] in slugs(there), f"{named(page)} links to {target}{anchor}"


WITH_PYTHON = [page for page in PAGES if any(language == "python" for language, _, _ in fences(page))]


@pytest.mark.parametrize("page", WITH_PYTHON, ids=named)
def test_python_runs_and_prints_what_is_shown(
    page: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for language, code, shown in fences(page):
        if language == "python":
            exec(compile(code, named(page), "exec"), names)
            assert capsys.readouterr().out == (shown or "")


def test_the_pages_that_should_have_python_do() -> None:
    assert {"README.md", "docs/start.md", "docs/howto/construction.md"} <= set(map(named, WITH_PYTHON))


RUN = [
    pytest.param(text, shown, id=f"{named(page)}: {text.strip()}")
    for page in PAGES
    for language, text, shown in fences(page)
    if language == "console" and shown is not None
]


@pytest.mark.parametrize(("text", "shown"), RUN)
def test_commands_print_what_is_shown(
    text: str, shown: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    (command,) = text.splitlines()
    name, *arguments = shlex.split(command.removeprefix("$ "))
    assert name == "solver"
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 0
    assert capsys.readouterr().out.strip() == shown.strip()


def parse(arguments: list[str]) -> None:
    """Resolve a command line down to its options without running it."""
    group: click.Command = cli
    context = group.make_context("solver", arguments)
    while isinstance(group, click.Group):
        _, found, rest = group.resolve_command(context, [*context._protected_args, *context.args])
        assert found is not None
        group, context = found, found.make_context(found.name, rest, parent=context)


LINES = sorted({(named(page), line) for page in PAGES for line in COMMAND.findall(page.read_text(encoding="utf-8"))})


def test_command_lines_parse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results.json").touch()
    assert len(LINES) > 40
    for page, line in LINES:
        try:
            parse(shlex.split(line, comments=True))
        except click.exceptions.Exit:
            pass
        except click.UsageError as error:
            pytest.fail(f"{page}: solver {line}: {error.format_message()}")


def test_a_renamed_option_is_caught() -> None:
    with pytest.raises(click.NoSuchOption):
        parse(["report", "--lenght", "32"])
    with pytest.raises(click.UsageError):
        parse(["plot", "nothing", "-o", "x.pdf"])


def test_the_page_on_accuracy_has_every_route_in_order() -> None:
    text = (DOCS / "accuracy.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", text[text.index("| route | printed as |") :], re.MULTILINE)
    assert rows == [(each.name, each.method) for each in ROUTES if each not in CLOSED_ROUTES]
    prose = " ".join(text.split())
    assert all(f"(route `{each.name}`, printed as `{each.method}`)" in prose for each in CLOSED_ROUTES)
    assert all(f"`{each.method}`" in prose for each in DEFORMATION_ROUTES)


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    used = {name for page in PAGES for name in re.findall(r"^make ([a-z]+)", page.read_text(), re.MULTILINE)}
    assert used and used <= targets


def test_every_public_name_is_on_one_page_of_the_api() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in (DOCS / "api").glob("*.md"))
    counts = Counter(re.findall(r"^\.\. auto\w+:: solver\.(\w+)$", text, re.MULTILINE))
    assert counts == Counter(solver.__all__)
