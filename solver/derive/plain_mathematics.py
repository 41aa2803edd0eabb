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
    "sum": r"\sum",
    "prod": r"\prod",
    "int": r"\int",
    "phi": r"\varphi",
    "oo": r"\infty",
}
_COMMANDS |= {"inf": r"\infty"}
_SIGNS = {
    ">=": r"\ge", "<=": r"\le", "->": r"\to", "!=": r"\ne", "...": r"\dots", "||": r"\|", "*": "*", "-": "-",
    "~": r"\sim", "<": r"\langle", ">": r"\rangle",
}  # fmt: skip

_SCRIPT = r"[_^](?:-?\((?:[^()]|\([^()]*\))*\)|k~|-?[A-Za-z0-9]+|\+)"
_SYMBOL = rf"(?:{'|'.join(sorted(_GREEK, key=len, reverse=True))}|sum|prod|int|He|[A-Za-z])"
_FREE = r"(?<![\w'’\\])(?<![A-Za-z][-.])"
_TOKEN = re.compile(
    rf"{_FREE}(?P<scripted>(?:{_SYMBOL}|\d+(?=\^)|1)\d?\+?(?:{_SCRIPT})+)(?![A-Za-z_])"
    rf"|(?<=[)|\]])(?P<script>\+?(?:{_SCRIPT})+|\+(?=[\s.,:\]]|$))(?![A-Za-z_])"
    rf"|{_FREE}(?P<depth>k~)(?!\w)"
    rf"|{_FREE}(?P<positive>[A-Z]\+)(?=[\s.,:)\]]|$)"
    rf"|{_FREE}(?P<slope>(?:{'|'.join(_GREEK)}|[b-z])')(?![A-Za-z'])"
    rf"|{_FREE}(?P<name>{'|'.join(_GREEK)})(?P<digit>\d?)(?!\w)"
    rf"|{_FREE}(?P<differential>d(?:{'|'.join(_GREEK)}|[Ptuvxyz]))(?!\w)"
    rf"|{_FREE}(?P<numbered>[A-Za-z]\d)(?!\w)"
    rf"|{_FREE}(?P<letter>[b-zB-HJ-Z])(?!['’\w]|\.\w|-[A-Z][A-Z])"
    rf"|{_FREE}(?P<article>a)(?=\(| [=<>*+/-]+ |[),|/])"
    r"|(?<=[ (]-)(?P<signed>a)(?!\w)"
    r"|(?P<sign>>=|<=|->|!=|\.\.\.|\|\||(?<= )[*~](?= )|(?<!\S)-(?=[\w(|\s])(?!-)|(?<=[(=|])-(?=\w)"
    r"|(?<=\b[A-Za-z])-(?=\d)|(?<=xi)-(?=\d)|<(?=[\w(|])|(?<=[\w)|])>)"
)


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
    r"""Yield prose cut into words, as they are, and mathematics, as LaTeX; the flag marks mathematics.

    Examples
    --------
    >>> list(pieces("At xi = 7"))
    [(False, 'At '), (True, '\\xi'), (False, ' = 7')]
    """
    end = 0
    for match in _TOKEN.finditer(text):
        if match.start() > end:
            yield False, text[end : match.start()]
        yield True, _latex(match)
        end = match.end()
    if end < len(text):
        yield False, text[end:]


def _latex(match: re.Match[str]) -> str:
    kind, found = match.lastgroup, match[0]
    if kind == "sign":
        product = found == "*" and match.string[match.start() - 2].isdigit()
        return r"\cdot" if product else _SIGNS[found]
    if kind == "depth":
        return r"\tilde{k}"
    if kind == "slope":
        return f"{_COMMANDS.get(found[:-1], found[:-1])}'"
    if kind == "differential":
        return f"d{_COMMANDS.get(found[1:], found[1:])}"
    if kind == "digit":
        kind, found = "name", match["name"] + match["digit"]
    base = re.match(rf"(?:{_SYMBOL}|\d+(?=\^)|1)?", found)
    assert base is not None
    rest = found[base.end() :]
    number = re.match(r"\d?\+?", rest)
    assert number is not None
    scripts = "".join(
        f"{mark}{{{_inside(inner)}}}"
        for mark, inner in re.findall(r"([_^])(\((?:[^()]|\([^()]*\))*\)|[^_^]+)", rest[number.end() :])
    )
    indices = f"_{{{number[0]}}}" if number[0] else ""
    return f"{_COMMANDS.get(base[0], base[0]) or '{}'}{indices}{scripts}"


def _inside(script: str) -> str:
    """Return what a subscript or superscript holds: names as symbols, other words upright."""
    inner = script[1:-1] if script.startswith("(") else script
    return re.sub(r"k~|[A-Za-z]+", lambda word: _word(word[0]), inner)


def _word(word: str) -> str:
    if word == "k~":
        return r"\tilde{k}"
    return _COMMANDS.get(word, word if len(word) < 3 else rf"\mathrm{{{word}}}")
