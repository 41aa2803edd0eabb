"""Characters that LaTeX does not take as they are, in prose, code and mathematics."""

from __future__ import annotations

import unicodedata

from solver.errors import InputError

_SPECIAL = {c: f"\\{c}" for c in "#$%&_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
}
_CODE = _SPECIAL | {"'": r"\textquotesingle{}", "`": r"\textasciigrave{}"}
_CODE |= {c: f"{c}{{}}" for c in "-,"}

_PROSE = {"–": "--", "—": "---", "‘": "`", "’": "'", "“": "``", "”": "''", "…": r"\dots{}", "\u00a0": "~"}
_MATHS = {
    "≤": r"\le", "≥": r"\ge", "≠": r"\ne", "≈": r"\approx", "≡": r"\equiv", "∼": r"\sim", "∝": r"\propto",
    "±": r"\pm", "∓": r"\mp", "×": r"\times", "·": r"\cdot", "−": "-", "÷": r"\div", "∗": "*", "√": r"\surd",
    "→": r"\to", "←": r"\leftarrow", "↔": r"\leftrightarrow", "⇒": r"\Rightarrow", "⇔": r"\Leftrightarrow",
    "∞": r"\infty", "∑": r"\sum", "∏": r"\prod", "∫": r"\int", "∂": r"\partial", "∇": r"\nabla", "∈": r"\in",
    "∉": r"\notin", "⊂": r"\subset", "∪": r"\cup", "∩": r"\cap", "∅": r"\emptyset", "∀": r"\forall",
    "∃": r"\exists", "⟨": r"\langle", "⟩": r"\rangle", "‖": r"\|", "∥": r"\|", "⌊": r"\lfloor",
    "⌋": r"\rfloor", "⌈": r"\lceil", "⌉": r"\rceil", "ℓ": r"\ell", "ϕ": r"\phi", "φ": r"\varphi",
    "ϵ": r"\epsilon", "′": "{}'", "½": r"\tfrac12", "ℝ": r"\mathbb{R}", "ℤ": r"\mathbb{Z}", "𝔼": r"\mathbb{E}",
    "∘": r"\circ", "°": r"{}^\circ", "⋯": r"\cdots", "◦": r"\circ",
}  # fmt: skip
_GREEK_NAMES = {"LAMDA": "lambda", "FINAL SIGMA": "varsigma"}
_LATIN_LOOKALIKES = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΧο", "ABEZHIKMNOPTXo", strict=True))


def prose(text: str) -> str:
    """Return plain text as LaTeX; Greek letters and symbols become mathematics.

    Raises
    ------
    InputError
        For a character that neither Latin text nor this table knows.

    Examples
    --------
    >>> print(prose("50% of ξ, a_1 ~ 2²"))
    50\\% of \\ensuremath{\\xi}, a\\_1 \\textasciitilde{} 2\\ensuremath{^{2}}
    """
    return "".join(_SPECIAL.get(c) or _PROSE.get(c) or _text(c) for c in text)


def code(text: str) -> str:
    """Return code as LaTeX for a typewriter font, spaces and line ends as they are."""
    return "".join(_CODE.get(c) or _text(c) for c in text)


def mathematics(latex: str) -> str:
    """Return LaTeX for math mode with characters beyond ASCII replaced by commands."""
    return "".join(c if c.isascii() else f"{{{_command(c)}}}" if _command(c) else _text(c) for c in latex)


def _text(character: str) -> str:
    command = _command(character)
    if command:
        return rf"\ensuremath{{{command}}}"
    if ord(character) < 0x180 and (character.isprintable() or character in "\n\t"):
        return character
    name = unicodedata.name(character, "a control character")
    raise InputError(f"no LaTeX for the character {character!r} ({name}); write it as $...$ in the derivation")


def _command(character: str) -> str:
    """Return the math command of a symbol, a Greek letter, a superscript or a subscript, else an empty text."""
    if character.isascii():
        return ""
    if character in _MATHS:
        return _MATHS[character]
    if character in _LATIN_LOOKALIKES:
        return _LATIN_LOOKALIKES[character]
    name = unicodedata.name(character, "")
    for case, start in (("lower", "GREEK SMALL LETTER "), ("upper", "GREEK CAPITAL LETTER ")):
        if name.startswith(start) and " WITH " not in name:
            letter = name.removeprefix(start)
            letter = _GREEK_NAMES.get(letter, letter.lower())
            return f"\\{letter if case == 'lower' else letter.capitalize()}"
    kind, _, base = unicodedata.decomposition(character).partition(" ")
    if kind in ("<super>", "<sub>") and len(base) == 4:
        plain = chr(int(base, 16))
        inner = _command(plain) or plain
        return f"{'^' if kind == '<super>' else '_'}{{{inner}}}"
    return ""
