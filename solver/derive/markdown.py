"""Markdown as LaTeX: what the prose of the derivations uses, parsed by markdown-it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from solver.derive.characters import code, mathematics, prose
from solver.derive.equations import displayed
from solver.derive.plain_mathematics import plain_mathematics
from solver.errors import InputError

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

_HEADINGS = {"h1": "section", "h2": "subsection*", "h3": "subsubsection*"}
_AROUND = {
    "root": ("", ""), "inline": ("", ""), "paragraph": ("", "\n\n"),
    "strong": (r"\textbf{", "}"), "em": (r"\emph{", "}"),
    "softbreak": ("\n", ""), "hardbreak": ("\\\\\n", ""), "hr": ("\\par\\medskip\\hrule\\medskip\n", ""),
    "bullet_list": ("\\begin{itemize}\n", "\\end{itemize}\n\n"),
    "ordered_list": ("\\begin{enumerate}\n", "\\end{enumerate}\n\n"), "list_item": ("\\item ", "\n"),
    "blockquote": ("\\begin{quote}\n", "\\end{quote}\n\n"),
    "thead": ("", "\\hline\n"), "tbody": ("", ""), "th": ("", ""), "td": ("", ""),
}  # fmt: skip
"""What stands before and after the contents of each kind of node."""


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
    from markdown_it import MarkdownIt
    from markdown_it.tree import SyntaxTreeNode
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.use(dollarmath_plugin, allow_labels=False, allow_space=False, double_inline=True)
    return _latex(SyntaxTreeNode(parser.parse(text))).rstrip() + "\n"


def verbatim(text: str) -> str:
    """Return code as a small typewriter block; the document must load fancyvrb."""
    body = code(text.rstrip().expandtabs(4))
    return f"\\begin{{Verbatim}}[fontsize=\\scriptsize,commandchars=\\\\\\{{\\}}]\n{body}\n\\end{{Verbatim}}\n\n"


def inline_code(text: str) -> str:
    """Return code inside a line, which may break after its dots, slashes and underscores."""
    breakable = re.sub(r"(\\_|[./])", r"\1\\allowbreak{}", code(text))
    return rf"\texttt{{{breakable}}}"


def _display(latex: str) -> str:
    return displayed(mathematics(latex).strip())


_CONTENT: dict[str, Callable[[str], str]] = {
    "text": plain_mathematics,
    "code_inline": inline_code,
    "fence": verbatim,
    "code_block": verbatim,
    "math_inline": lambda latex: f"${mathematics(latex)}$",
    "math_inline_double": _display,
    "math_block": lambda latex: f"{_display(latex)}\n\n",
}
"""The LaTeX of nodes that hold text."""


def _latex(node: SyntaxTreeNode) -> str:
    if node.type in _CONTENT:
        return _CONTENT[node.type](node.content)
    parts = [_latex(each) for each in node.children]
    inside = "".join(parts)
    match node.type:
        case "heading":
            plain = "".join(each.content for each in node.walk() if each.type in ("text", "code_inline"))
            command = _HEADINGS.get(node.tag, "paragraph")
            return f"\\{command}{{\\texorpdfstring{{{inside}}}{{{prose(plain)}}}}}\n\n"
        case "paragraph" if node.hidden:
            return f"{inside}\n"
        case "link":
            address = re.sub(r"([%#&_{}])", r"\\\1", str(node.attrs["href"]))
            return rf"\href{{{address}}}{{{inside}}}"
        case "table":
            styles = [str(each.attrs.get("style")) for each in node.walk() if each.type == "th"]
            columns = "".join("r" if "right" in style else "c" if "center" in style else "l" for style in styles)
            return f"\\begin{{center}}\n\\begin{{tabular}}{{{columns}}}\n{inside}\\end{{tabular}}\n\\end{{center}}\n\n"
        case "tr":
            return " & ".join(parts) + " \\\\\n"
        case kind if kind in _AROUND:
            return inside.join(_AROUND[kind])
    raise InputError(f"no LaTeX for markdown of the kind {node.type!r}: {node.content!r}; write it otherwise")
