"""Links that hold on GitHub and on the site: to derivations, examples and files beside docs/."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util.nodes import make_refnode

from solver.derive.scripts import chosen_scripts, derivations_folder

_TARGETS = (
    (r"\.\./derivations/(\w+)\.py", r"derivations/\1.md"),
    (r"\.\./derivations/", "derivations/index.md"),
    (r"\.\./examples/(\w+)\.py", r"examples/\1.rst"),
    (r"\.\./examples/", "examples/index.rst"),
    (r"\.\./CONTRIBUTING\.md", "contributing.md"),
)
_NAMED = re.compile(r"\b(?:derivations/)?(\w+)\.py\b")


def on_the_site(text: str, up: str) -> str:
    """Return markdown with links out of docs/ turned into links to the pages of the site, ``up`` from the page."""
    for source, target in _TARGETS:
        text = re.sub(rf"\]\({re.escape(up)}{source}\)", rf"]({up}{target})", text)
    return text


def read_source(app: Sphinx, name: str, content: list[str]) -> None:
    """Rewrite the links of a page before it is parsed."""
    content[0] = on_the_site(content[0], "../" * name.count("/"))


class DerivationLinks(SphinxTransform):
    """Link the name of a derivation, such as derivations/response.py in a docstring, to its page."""

    default_priority = 440

    def apply(self, **_: Any) -> None:
        known = {path.stem for path in chosen_scripts(derivations_folder())}
        for text in list(self.document.findall(nodes.Text)):
            if _may_link(text):
                parts = _linked(text, known, self.env.docname)
                if len(parts) > 1:
                    _replaced(text, parts)


def _may_link(text: nodes.Text) -> bool:
    parent = text.parent
    if isinstance(parent, nodes.literal):
        parent = parent.parent
    node: Any = parent
    while node is not None:
        if isinstance(node, nodes.literal_block | nodes.reference | addnodes.pending_xref | nodes.title | nodes.raw):
            return False
        node = node.parent
    return ".py" in text.astext()


def _linked(text: nodes.Text, known: set[str], here: str) -> list[nodes.Node]:
    parts: list[nodes.Node] = []
    end = 0
    plain = text.astext()
    for match in _NAMED.finditer(plain):
        name = match[1]
        if name in known and here != f"derivations/{name}":
            parts += [nodes.Text(plain[end : match.start()]), _reference(name, here)]
            end = match.end()
    return [*parts, nodes.Text(plain[end:])]


def _reference(name: str, here: str) -> addnodes.pending_xref:
    target = "/derivations/" + name
    shown = nodes.literal(f"{name}.py", f"{name}.py")
    options = {"reftype": "doc", "refdomain": "std", "refexplicit": True, "reftarget": target, "refdoc": here}
    return addnodes.pending_xref("", nodes.inline("", "", shown), refwarn=True, **options)


def _replaced(text: nodes.Text, parts: list[nodes.Node]) -> None:
    """Put the parts in place of a text, or of the literal that holds nothing else."""
    if isinstance(text.parent, nodes.literal):
        text.parent.parent.replace(text.parent, parts)
    else:
        text.parent.replace(text, parts)


def missing_reference(app: Sphinx, env: Any, node: addnodes.pending_xref, shown: nodes.Node) -> nodes.Node | None:
    """Resolve a name of the package that a docstring gives without its module, if there is only one."""
    if node.get("refdomain") != "py":
        return None
    name = node["reftarget"].rpartition(".")[2]
    objects = env.get_domain("py").objects
    pages = {
        (entry.docname, entry.node_id)
        for full, entry in objects.items()
        if full.rpartition(".")[2] == name and entry.objtype in ("class", "function", "exception")
    }
    if len(pages) != 1:
        return None
    ((page, place),) = pages
    return make_refnode(app.builder, node["refdoc"], page, place, shown, name)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("source-read", read_source)
    app.connect("missing-reference", missing_reference)
    app.add_transform(DerivationLinks)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
