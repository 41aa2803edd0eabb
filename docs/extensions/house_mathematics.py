"""Mathematics as MathML, which needs neither a script nor a network; symbols in prose become mathematics."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from docutils.utils.math import MathError, latex2mathml
from joined_mathematics import joined
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

from solver.derive.characters import mathematics

_log = logging.getLogger(__name__)
_NOT_PROSE = (
    nodes.literal,
    nodes.literal_block,
    nodes.doctest_block,
    nodes.math,
    nodes.math_block,
    nodes.raw,
    nodes.comment,
    nodes.title,
    addnodes.desc_signature,
    addnodes.literal_strong,
    addnodes.literal_emphasis,
    addnodes.pending_xref,
    addnodes.toctree,
)
_DELIMITER = re.compile("<mo(?: stretchy=.false.)?>([⟨⟩‖|])</mo>")
_GREEK = {"xi": "ξ", "sigma": "σ", "eta": "η", "tau": "τ", "theta": "θ"}


def mathml(latex: str, *, block: bool = False) -> str:
    r"""Return LaTeX as MathML; ``\Big`` and the like are left out, as delimiters stretch by themselves."""
    plain = mathematics(latex).replace(r"\dots", r"\ldots").replace("..", r"\ldots ")
    plain = braced(re.sub(r"\\[Bb]ig[lrm]?(?![a-z])\s*", "", plain))
    tree = latex2mathml.tex2mathml(plain, as_block=block)
    return _DELIMITER.sub(r'<mo lspace="0" rspace="0" stretchy="false">\1</mo>', tree)


def braced(latex: str) -> str:
    r"""Return LaTeX with the digits that TeX takes one by one as arguments in braces: 8 over 3 for ``\frac83``."""
    first = re.sub(r"(\\(?:[dt]?frac|[dt]?binom|sqrt))\s*(\d)", r"\1{\2}", latex)
    second = re.sub(r"(\\(?:[dt]?frac|[dt]?binom)(?:\{[^{}]*\}|\\[a-z]+))\s*(\d)", r"\1{\2}", first)
    return re.sub(r"([_^])(\d)(?=\d)", r"\1{\2}", second)


def visit_math(translator: Any, node: nodes.math) -> None:
    """Write mathematics inside a line."""
    translator.body.append(_converted(node, block=False))
    raise nodes.SkipNode


def visit_math_block(translator: Any, node: nodes.math_block) -> None:
    """Write a display, which scrolls by itself where it is wider than the page."""
    number = f'<span class="eqno">({get_node_equation_number(translator, node)})</span>' if node.get("number") else ""
    anchor = f' id="{node["ids"][0]}"' if node.get("ids") else ""
    translator.body.append(f'<div class="math"{anchor}>{number}{_converted(node, block=True)}</div>\n')
    raise nodes.SkipNode


def _converted(node: nodes.Element, *, block: bool) -> str:
    latex = node.astext()
    try:
        return mathml(latex, block=block)
    except MathError as error:
        _log.warning("no MathML for %r: %s", latex, error, location=node)
        return f"<code>{nodes.unescape(latex)}</code>"


class PlainMathematics(SphinxTransform):
    """Set symbols that prose writes in plain characters, such as A_r or l >= 2 xi, as mathematics."""

    default_priority = 450

    def apply(self, **_: Any) -> None:
        for text in list(self.document.findall(nodes.Text)):
            if isinstance(text.parent, nodes.title):
                text.parent.replace(text, _title(text.astext()))
            elif not _is_inside(text, _NOT_PROSE):
                text.parent.replace(text, _prose(text))


def _prose(text: nodes.Text) -> list[nodes.Node]:
    """Return a text as words and mathematics; letters that end a word begun by code, as the s of `Layer`s, stay."""
    place = text.parent.index(text)
    tied = place > 0 and not isinstance(text.parent[place - 1], nodes.Text)
    plain = text.astext()
    ending = re.match(r"\w*" if tied else "", plain)
    assert ending is not None
    return _tied([(False, ending[0]), *joined(plain[ending.end() :])])


def _tied(found: list[tuple[bool, str]]) -> list[nodes.Node]:
    """Return pieces as nodes; brackets and commas stay on the line of the mathematics beside them."""
    made: list[nodes.Node] = []
    tail = ""
    for i, (maths, piece) in enumerate(found):
        if maths:
            parts = [nodes.Text(tail), nodes.math(piece, piece)]
            made.append(nodes.inline("", "", *parts, classes=["tied"]))
            tail = ""
            continue
        if i and found[i - 1][0]:
            head = piece[: len(piece) - len(piece.lstrip(",.;:)]”%"))]
            made[-1] += nodes.Text(head)
            piece = piece.removeprefix(head)
        if i + 1 < len(found):
            opening = re.search(r"\w*[(\[“]+$", piece)
            tail = opening[0] if opening else ""
            piece = piece.removesuffix(tail)
        made.append(nodes.Text(piece))
    return made


def _is_inside(node: Any, kinds: tuple[type, ...]) -> bool:
    while node is not None:
        if isinstance(node, kinds):
            return True
        node = node.parent
    return False


def _title(text: str) -> list[nodes.Node]:
    """Return a heading with Greek letters and subscripts that also a contents list and a browser's tab can show."""
    spelt = re.sub(rf"\b({'|'.join(_GREEK)})\b", lambda name: _GREEK[name[0]], text)
    parts: list[nodes.Node] = []
    for i, part in enumerate(re.split(r"(?<=\b[A-Za-z])_(\w+)\b", spelt)):
        parts.append(nodes.subscript(part, part) if i % 2 else nodes.Text(part))
    return parts


def plain_docstring(app: Sphinx, what: str, name: str, held: Any, options: Any, lines: list[str]) -> None:
    """Keep |x| from being read as a substitution, and give attributes that are described at once a line each."""
    apart: list[str] = []
    for line in lines:
        several = re.match(r":ivar (\w+(?:, \w+)+): ?(.*)", line)
        if several:
            apart += [f":ivar {each}: as the next." for each in several[1].split(", ")[:-1]]
            line = f":ivar {several[1].rpartition(', ')[2]}: {several[2]}"
        if not line.lstrip().startswith((">>>", "...")):
            parts = re.split(r"(``.*?``|`.*?`)", line)
            line = "".join(part if n % 2 else part.replace("|", r"\|") for n, part in enumerate(parts))
        apart.append(line)
    lines[:] = apart


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_html_math_renderer("house_mathml", (visit_math, None), (visit_math_block, None))
    app.connect("autodoc-process-docstring", plain_docstring, priority=900)
    app.add_transform(PlainMathematics)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
