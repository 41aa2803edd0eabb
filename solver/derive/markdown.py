"""Markdown as LaTeX: what the prose of the derivations uses, parsed by markdown-it."""

from __future__ import annotations

import re
from typing import Any

from solver.derive.characters import code, mathematics, prose
from solver.derive.equations import displayed
from solver.derive.plain_mathematics import plain_mathematics
from solver.errors import InputError

HEADINGS = {"h1": "section", "h2": "subsection*", "h3": "subsubsection*", "h4": "paragraph"}

# Code spans and fences are matched first, so that a dollar sign in them stays one.
_MATHS = re.compile(
    r"(?P<code>(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`))"
    r"|\\\$"
    r"|\$\$(?P<display>.+?)\$\$"
    r"|\$(?!\s)(?P<inline>[^$]+?)(?<!\s)\$(?!\d)",
    re.DOTALL,
)
_HELD = re.compile("\ue000(\\d+)\ue001")
_WRAPPED = {
    "strong_open": r"\textbf{", "strong_close": "}", "em_open": r"\emph{", "em_close": "}",
    "softbreak": "\n", "hardbreak": "\\\\\n", "hr": "\\par\\medskip\\hrule\\medskip\n",
    "bullet_list_open": "\\begin{itemize}\n", "bullet_list_close": "\\end{itemize}\n\n",
    "ordered_list_open": "\\begin{enumerate}\n", "ordered_list_close": "\\end{enumerate}\n\n",
    "list_item_open": "\\item ", "list_item_close": "\n",
    "blockquote_open": "\\begin{quote}\n", "blockquote_close": "\\end{quote}\n\n",
    "thead_open": "", "thead_close": "\\hline\n", "tbody_open": "", "tbody_close": "",
    "tr_open": "", "th_close": "", "td_close": "", "tr_close": " \\\\\n",
    "table_close": "\\end{tabular}\n\\end{center}\n\n",
    "paragraph_open": "",
}  # fmt: skip


def markdown_latex(text: str) -> str:
    r"""Return markdown as LaTeX: headings, paragraphs, lists, tables, emphasis, code, $...$ and $$...$$.

    Raises
    ------
    InputError
        For markdown that has no rendering here (HTML, images) or a character without LaTeX.

    Examples
    --------
    >>> print(markdown_latex("With `a_k` and **all** $x_1$."))
    With \texttt{a\_\allowbreak{}k} and \textbf{all} $x_1$.
    """
    return _Renderer(text).latex()


class _Renderer:
    """One text: its mathematics set aside as marked numbers, then its tokens in order."""

    def __init__(self, text: str) -> None:
        self.maths: list[str] = []
        self.row_is_new = False
        self.bookmark = ""
        self.text = _MATHS.sub(self._set_aside, text)

    def latex(self) -> str:
        from markdown_it import MarkdownIt

        tokens = MarkdownIt("commonmark", {"html": False}).enable("table").parse(self.text)
        return "".join(self._block(token, tokens[i:]) for i, token in enumerate(tokens)).rstrip() + "\n"

    def _set_aside(self, match: re.Match[str]) -> str:
        if match["code"] or match[0] == r"\$":
            return match[0]
        maths = mathematics(match["display"] or match["inline"]).strip()
        self.maths.append(displayed(maths) if match["display"] else f"${maths}$")
        return f"\ue000{len(self.maths) - 1}\ue001"

    def _block(self, token: Any, rest: list[Any]) -> str:
        if token.type == "inline":
            return "".join(map(self._inline, token.children))
        if token.type == "heading_open":
            self.bookmark = prose(_HELD.sub("", rest[1].content).replace("`", ""))
            return f"\\{HEADINGS.get(token.tag, 'paragraph')}{{\\texorpdfstring{{"
        if token.type == "heading_close":
            return f"}}{{{self.bookmark}}}}}\n\n"
        if token.type == "paragraph_close":
            return "\n" if token.hidden else "\n\n"
        if token.type in ("fence", "code_block"):
            return verbatim(token.content)
        if token.type == "table_open":
            return f"\\begin{{center}}\n\\begin{{tabular}}{{{_alignment(rest)}}}\n"
        if token.type in ("th_open", "td_open"):
            first, self.row_is_new = self.row_is_new, False
            return "" if first else " & "
        self.row_is_new = self.row_is_new or token.type == "tr_open"
        return self._wrapped(token)

    def _inline(self, token: Any) -> str:
        if token.type == "text":
            return self._text(token.content)
        if token.type == "code_inline":
            return inline_code(token.content)
        if token.type == "link_open":
            return rf"\href{{{_address(token.attrs['href'])}}}{{"
        if token.type == "link_close":
            return "}"
        return self._wrapped(token)

    def _text(self, text: str) -> str:
        plain, *rest = _HELD.split(text)
        pairs = zip(rest[::2], rest[1::2], strict=True)
        return plain_mathematics(plain) + "".join(
            self.maths[int(held)] + plain_mathematics(after) for held, after in pairs
        )

    def _wrapped(self, token: Any) -> str:
        if token.type not in _WRAPPED:
            raise InputError(f"no LaTeX for markdown of the kind {token.type!r}: {token.content!r}; write it otherwise")
        return _WRAPPED[token.type]


def verbatim(text: str) -> str:
    """Return code as a small typewriter block; the document must load fancyvrb."""
    body = code(text.rstrip().expandtabs(4))
    return f"\\begin{{Verbatim}}[fontsize=\\scriptsize,commandchars=\\\\\\{{\\}}]\n{body}\n\\end{{Verbatim}}\n\n"


def inline_code(text: str) -> str:
    """Return code inside a line, which may break after its dots, slashes and underscores."""
    breakable = re.sub(r"(\\_|[./])", r"\1\\allowbreak{}", code(text))
    return rf"\texttt{{{breakable}}}"


def _alignment(tokens: list[Any]) -> str:
    """Return the column letters of the table that the tokens begin."""
    styles = []
    for token in tokens[1:]:
        if token.type == "tr_close":
            break
        if token.type == "th_open":
            styles.append(str(token.attrs.get("style", "")))
    return "".join("r" if "right" in style else "c" if "center" in style else "l" for style in styles)


def _address(target: str) -> str:
    return re.sub(r"([%#&_{}])", r"\\\1", target)
