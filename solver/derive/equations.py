"""Displayed equations that stay on the page: broken at relations and signs, shrunk only as a last resort."""

from __future__ import annotations

import re

from solver.report.writers.latex_width import latex_width

LINE = 44.0
"""Width of a line of the document in em of its text size."""

_TOKEN = re.compile(r"\\[a-zA-Z]+|\\.|[^\\]", re.DOTALL)
_OPENING = {"{", "(", "[", r"\left", r"\begin", r"\langle", r"\lfloor", r"\lceil"}
_CLOSING = {"}", ")", "]", r"\right", r"\end", r"\rangle", r"\rfloor", r"\rceil"}
_DELIMITERS = set("()[]|.") | {r"\langle", r"\rangle", r"\lfloor", r"\rfloor", r"\{", r"\}", r"\|"}
_RELATIONS = {"=", r"\longrightarrow", r"\to", r"\approx", r"\le", r"\ge", r"\sim"}


def displayed(latex: str) -> str:
    r"""Return mathematics as a display, over as many lines as it takes; ``\fitted`` is defined in preamble.tex."""
    return f"\n\\[\\fitted{{{over_lines(latex)}}}\\]\n"


def over_lines(latex: str) -> str:
    """Return mathematics as it is where it fits a line, else aligned over several."""
    rows = _rows(latex)
    lines = " \\\\\n".join(rows)
    return rows[0].replace("&", "") if len(rows) == 1 else f"\\begin{{aligned}}\n{lines}\n\\end{{aligned}}"


def _rows(latex: str) -> list[str]:
    r"""Return the rows of an ``aligned``, each with its ``&``; those given stay, long ones are broken."""
    inner = re.fullmatch(r"\s*\\begin\{aligned\}(.*)\\end\{aligned\}\s*", latex, re.DOTALL)
    if inner is not None:
        given = [re.sub(r"^\\\\(\[[^]]*\])?", "", row).strip() for row in _parts(inner[1], {r"\\"})]
    elif r"\begin" in latex or latex_width(latex) <= LINE:
        return [latex]
    else:
        given = _statements(latex)
    rows = [_marked(row) for row in given if row]
    left = min(max(latex_width(row.partition("&")[0]) for row in rows), LINE / 3)
    return [line for row in rows for line in _broken(row, left)]


def _statements(row: str) -> list[str]:
    r"""Return what stands between the ``\qquad`` of a row."""
    return [part.strip().removeprefix(r"\qquad").strip() for part in _parts(row, {r"\qquad"})]


def _marked(row: str) -> str:
    """Return a row with the ``&`` that it is aligned at: its own, else at its first relation."""
    if "&" in row or r"\begin" in row:
        return row
    head, *tail = _parts(row, _RELATIONS)
    return f"{head}&{''.join(tail)}" if tail else f"&{row}"


def _broken(row: str, indent: float) -> list[str]:
    """Return one row as lines that fit right of an indent, each with its ``&``."""
    left, _, right = row.partition("&")
    if r"\begin" in row or indent + latex_width(right) <= LINE:
        return [row]
    first, *others = _statements(right)
    if others:
        rows = [f"{left}&{first}", *map(_marked, others)]
        return [line for each in rows for line in _broken(each, indent)]
    lines = [""]
    for piece in _parts(right, _RELATIONS | {"+", "-"}):
        if lines[-1].strip() and indent + latex_width(lines[-1] + piece) > LINE:
            lines.append(r"\quad " if piece.lstrip().startswith(("+", "-")) else "")
        lines[-1] += piece
    return [f"{left}&{lines[0]}", *(f"&{line}" for line in lines[1:])]


def _parts(latex: str, separators: set[str]) -> list[str]:
    """Return the text cut before each separator that stands outside all brackets."""
    parts, depth, previous = [""], 0, ""
    for token in _TOKEN.findall(latex):
        bracket = previous in (r"\left", r"\right") and token in _DELIMITERS
        if token in separators and depth == 0 and previous not in ("^", "_"):
            parts.append("")
        if not bracket:
            depth += (token in _OPENING) - (token in _CLOSING)
        parts[-1] += token
        previous = token if not token.isspace() else previous
    return parts if parts[0].strip() or len(parts) == 1 else [parts[0] + parts[1], *parts[2:]]
