"""Characters that LaTeX does not take as they are, in prose, code and mathematics."""

from __future__ import annotations

import re
import unicodedata

from solver.errors import InputError

_SPECIAL = {c: f"\\{c}" for c in "#$%&_{}"} | {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
}  # fmt: skip
_CODE = _SPECIAL | {"'": r"\textquotesingle{}", "`": r"\textasciigrave{}", "-": "-{}", ",": ",{}"}

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
    "λ": r"\lambda", "Λ": r"\Lambda", "ς": r"\varsigma",
    **dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΧο", "ABEZHIKMNOPTXo", strict=True)),
}  # fmt: skip


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
    return "".join(c if c.isascii() else f"{{{command}}}" if (command := _command(c)) else _text(c) for c in latex)


def _text(character: str) -> str:
    if command := _command(character):
        return rf"\ensuremath{{{command}}}"
    if ord(character) < 0x180 and (character.isprintable() or character in "\n\t"):
        return character
    name = unicodedata.name(character, "a control character")
    raise InputError(f"no LaTeX for the character {character!r} ({name}); write it as $...$ in the derivation")


def _command(character: str) -> str:
    """Return the math command of a symbol, a Greek letter, a superscript or a subscript, else an empty text."""
    if character in _MATHS:
        return _MATHS[character]
    greek = re.fullmatch(r"GREEK (SMALL|CAPITAL) LETTER (?!.* WITH )(.+)", unicodedata.name(character, ""))
    if greek:
        return f"\\{greek[2].lower() if greek[1] == 'SMALL' else greek[2].capitalize()}"
    kind, _, base = unicodedata.decomposition(character).partition(" ")
    if kind in ("<super>", "<sub>") and len(base) == 4:
        plain = chr(int(base, 16))
        return f"{'^' if kind == '<super>' else '_'}{{{_command(plain) or plain}}}"
    return ""
