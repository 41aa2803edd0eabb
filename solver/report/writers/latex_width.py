"""About how wide LaTeX mathematics comes out: enough to choose where to break it and what fits a page."""

from __future__ import annotations

import re
from collections.abc import Iterator

_TOKEN = re.compile(r"\\[a-zA-Z]+|\\.|[^\\]", re.DOTALL)
_ABOVE_EACH_OTHER = {r"\frac", r"\tfrac", r"\dfrac", r"\binom", r"\stackedfrac"}
_SILENT = {r"\left", r"\right", r"\displaystyle", r"\limits", r"\bigl", r"\bigr", r"\Bigl", r"\Bigr", r"\Big", r"\big"}
_SPACES = {r"\,": 0.17, r"\:": 0.22, r"\;": 0.28, r"\!": -0.17, r"\ ": 0.33, r"\quad": 1.0, r"\qquad": 2.0}
_WORDS = {r"\mathrm", r"\text", r"\mathbb", r"\mathit", r"\mathbf", r"\operatorname", r"\mbox", r"\sqrt"}
_WIDE = {r"\sum", r"\int", r"\prod"}
_RELATIONS = {r"\longrightarrow": 2.2, r"\to": 1.6, r"\le": 1.4, r"\ge": 1.4, r"\approx": 1.4, r"\times": 1.25}
_CHARACTERS = dict.fromkeys("()[]", 0.39) | dict.fromkeys(".|!'", 0.28) | dict.fromkeys("+-=<>", 1.3)
_CHARACTERS |= {",": 0.45, ";": 0.45, "{": 0.0, "}": 0.0, "$": 0.0, "&": 0.0, " ": 0.0, "\n": 0.0, "/": 0.5}
_SCRIPT = 0.72


def latex_width(latex: str) -> float:
    r"""Return the width of mathematics in em, to some 15 percent; costs O(length).

    Examples
    --------
    >>> latex_width(r"\frac{1}{12345}") < latex_width("1/12345") < latex_width("1 + 12345")
    True
    """
    return _width(iter(_TOKEN.findall(latex)))


def _width(tokens: Iterator[str], closing: str = "") -> float:
    """Return the width up to a closing brace or the end."""
    total = 0.0
    for token in tokens:
        if token == closing:
            break
        total += _token_width(token, tokens)
    return total


def _token_width(token: str, tokens: Iterator[str]) -> float:
    if token == "{":
        return _width(tokens, "}")
    if token in ("^", "_"):
        return _SCRIPT * _argument(tokens)
    if token in _ABOVE_EACH_OTHER:
        return max(_argument(tokens), _argument(tokens)) + (1.2 if token == r"\binom" else 0.25)
    if token in _WORDS:
        return _argument(tokens) + (0.85 if token == r"\sqrt" else 0.0)
    if token in _SILENT:
        return 0.0
    if token in _WIDE:
        return 1.5
    known = _SPACES | _RELATIONS | _CHARACTERS
    return known.get(token, 0.55 if len(token) == 1 or token[1].islower() else 0.75)


def _argument(tokens: Iterator[str]) -> float:
    """Return the width of one argument: a group, or a single token."""
    token = next(tokens, "")
    while token.isspace():
        token = next(tokens, "")
    return _token_width(token, tokens) if token else 0.0
