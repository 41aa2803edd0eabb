"""Plain mathematics in prose as whole formulas, where `plain_mathematics` sets one symbol at a time."""

from __future__ import annotations

import re

from solver.derive.plain_mathematics import pieces

_HELD = re.compile("\ue000(\\d+)\ue001")
_RUN = re.compile(
    r"(?:(?<![\w.])\d+(?:/\d+)? ?(?:[+=/]|\.\.) ?)*"
    rf"{_HELD.pattern}(?:(?:[ =+/()|<>\d-]|\.\.)*{_HELD.pattern})*"
    r"(?: ?[=+/<>-]? ?\d+(?:\.\d+|(?:/\d+)+)?(?![\d.]*\w))?"
)
"""Mathematics, what stands between two pieces of it, and a number compared with or added to the last."""
_OPERATORS = {"-", "*", r"\cdot", r"\ge", r"\le", r"\to", r"\ne", r"\dots", r"\langle", r"\rangle", r"\sim", r"\|"}


def joined(text: str) -> list[tuple[bool, str]]:
    r"""Return the pieces of a text as `pieces` does, those joined that only signs, brackets and numbers hold apart.

    Examples
    --------
    >>> joined("Let l >= 2 xi.")
    [(False, 'Let '), (True, 'l \\ge 2 \\xi'), (False, '.')]
    >>> joined("in layer 2 D_k tends to (2/3)(1 - A_1/A_0), and takes 15 s")[1::2]
    [(True, 'D_{k}'), (True, '1 - A_{1} /A_{0}')]
    >>> joined("a power (1 + z)^k, a mean <w, L w> at l = 32")[1::2]
    [(True, '(1 + z ){}^{k}'), (True, '\\langle w'), (True, 'L \\,w \\rangle'), (True, 'l = 32')]
    """
    held: list[str] = []
    marked = ""
    for maths, piece in pieces(text):
        if maths and not (piece == "s" and re.search(r"\d $", marked)):  # seconds
            held.append(piece)
            piece = f"\ue000{len(held) - 1}\ue001"
        marked += piece
    found: list[tuple[bool, str]] = []
    end = 0
    for run in _RUN.finditer(marked):
        start, stop = run.span()
        if held[int(run[1])] in _OPERATORS and (number := re.search(r"(?<![\w.])\d+(?:/\d+)? $", marked[end:start])):
            start = end + number.start()
        start, stop = _balanced(marked, start, stop, end)
        found += [(False, marked[end:start]), (True, _restored(marked[start:stop], held))]
        end = stop
    return [(maths, piece) for maths, piece in [*found, (False, marked[end:])] if piece]


def _balanced(text: str, start: int, stop: int, earliest: int) -> tuple[int, int]:
    """Return a run with the brackets next to it that it needs, or without those it has too many of."""
    while text[start:stop].count(")") > text[start:stop].count("(") and start > earliest and text[start - 1] == "(":
        start -= 1
    while text[start:stop].count("(") > text[start:stop].count(")") and text[stop : stop + 1] == ")":
        stop += 1
    while text[start:stop].count(")") > text[start:stop].count("(") and text[stop - 1] == ")":
        stop -= 1
    return start, stop


def _restored(run: str, held: list[str]) -> str:
    """Return the LaTeX of a run; a space between two symbols is a thin space, next to a sign it is the sign's own."""

    def spaced(pair: re.Match[str]) -> str:
        sides = {held[int(pair[1])], held[int(pair[2])]}
        return pair[0].rstrip() + ("" if sides & _OPERATORS else r"\,")

    thin = re.sub(f"{_HELD.pattern} (?={_HELD.pattern})", spaced, run)
    return _HELD.sub(lambda mark: f"{held[int(mark[1])]} ", thin).replace("  ", " ").strip()
