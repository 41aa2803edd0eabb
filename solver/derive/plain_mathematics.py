"""Mathematics that prose writes in plain characters, such as ``A_r = sum_j K(j)^2`` or ``l >= 2 xi``, as LaTeX."""

from __future__ import annotations

import re
from collections.abc import Iterator

from solver.derive.characters import prose

_GREEK = re.findall(
    r"\w+",
    "alpha beta gamma delta epsilon zeta eta theta kappa lambda mu nu xi pi rho sigma tau phi chi psi omega "
    "Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega",
)
_COMMANDS = {name: f"\\{name}" for name in _GREEK} | {
    "sum": r"\sum", "prod": r"\prod", "int": r"\int", "phi": r"\varphi", "oo": r"\infty", "inf": r"\infty",
    "k~": r"\tilde{k}",
}  # fmt: skip
_SIGNS = {
    ">=": r"\ge", "<=": r"\le", "->": r"\to", "!=": r"\ne", "...": r"\dots", "||": r"\|", "~": r"\sim",
    "<": r"\langle", ">": r"\rangle",
}  # fmt: skip

_LETTER = "|".join(_GREEK)
_SCRIPT = r"[_^](?:-?\((?:[^()]|\([^()]*\))*\)|k~|-?[A-Za-z0-9]+|\+)"
_BASE = rf"(?:{'|'.join(sorted(_GREEK, key=len, reverse=True))}|sum|prod|int|He|[A-Za-z]|\d+(?=\^)|1)"
_TOKEN = re.compile(
    r"(?<![\w'’\\])(?<![A-Za-z][-.])(?:"
    rf"{_BASE}\d?\+?(?:{_SCRIPT})+(?![A-Za-z_])"
    r"|k~(?!\w)"
    r"|[A-Z]\+(?=[\s.,:)\]]|$)"
    rf"|(?:{_LETTER}|[b-z])'(?![A-Za-z'])"
    rf"|(?:{_LETTER})\d?(?!\w)"
    rf"|(?P<differential>d(?:{_LETTER}|[Ptuvxyz]))(?!\w)"
    r"|[A-Za-z]\d(?!\w)"
    r"|[b-zB-HJ-Z](?!['’\w]|\.\w|-[A-Z][A-Z])"
    r"|a(?=\(| [=<>*+/-]+ |[),|/]))"
    rf"|(?<=[)|\]])(?:\+?(?:{_SCRIPT})+|\+(?=[\s.,:\]]|$))(?![A-Za-z_])"
    r"|(?<=[ (]-)a(?!\w)"
    r"|(?P<sign>>=|<=|->|!=|\.\.\.|\|\||(?<= )[*~](?= )|(?<!\S)-(?=[\w(|\s])(?!-)|(?<=[(=|])-(?=\w)"
    r"|(?<=\b[A-Za-z])-(?=\d)|(?<=xi)-(?=\d)|<(?=[\w(|])|(?<=[\w)|])>)"
)
_PARTS = re.compile(rf"(k~|{_BASE})?(\d?\+?)('?)(.*)", re.DOTALL)
"""The base of a symbol, the digit or plus sign that follows it, a prime, its subscripts and powers."""


def plain_mathematics(text: str) -> str:
    r"""Return prose as LaTeX with symbols, subscripts, powers and signs set as mathematics; words stay.

    Examples
    --------
    >>> print(plain_mathematics("10^6 in z^-(m+1), and 9^(k-1)"))
    $10^{6}$ in $z^{-(m+1)}$, and $9^{k-1}$
    >>> print(plain_mathematics("A unit of a_k has A_(k-1) = e^(-i xi), l >= 2 and a mean."))
    A unit of $a_{k}$ has $A_{k-1}$ = $e^{-i \xi}$, $l$ $\ge$ 2 and a mean.
    """
    return "".join(f"${piece}$" if maths else prose(piece) for maths, piece in pieces(text))


def pieces(text: str) -> Iterator[tuple[bool, str]]:
    """Yield prose cut into words, as they are, and mathematics, as LaTeX; the flag marks mathematics."""
    end = 0
    for match in _TOKEN.finditer(text):
        if match.start() > end:
            yield False, text[end : match.start()]
        yield True, _latex(match)
        end = match.end()
    if end < len(text):
        yield False, text[end:]


def _latex(match: re.Match[str]) -> str:
    found = match[0]
    if match["sign"]:
        product = found == "*" and match.string[match.start() - 2].isdigit()
        return r"\cdot" if product else _SIGNS.get(found, found)
    if match["differential"]:
        return f"d{_COMMANDS.get(found[1:], found[1:])}"
    parts = _PARTS.fullmatch(found)
    assert parts is not None
    base, index, prime, rest = parts.groups("")
    scripts = "".join(
        f"{mark}{{{_inside(inner)}}}" for mark, inner in re.findall(r"([_^])(\((?:[^()]|\([^()]*\))*\)|[^_^]+)", rest)
    )
    return (_COMMANDS.get(base, base) or "{}") + (f"_{{{index}}}" if index else "") + prime + scripts


def _inside(script: str) -> str:
    """Return what a subscript or superscript holds: names as symbols, other words of three letters or more upright."""

    def word(match: re.Match[str]) -> str:
        return _COMMANDS.get(match[0], match[0] if len(match[0]) < 3 else rf"\mathrm{{{match[0]}}}")

    return re.sub(r"k~|[A-Za-z]+", word, script[1:-1] if script.startswith("(") else script)
