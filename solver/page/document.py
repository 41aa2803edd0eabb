"""The page as one HTML file: the template with its style, scripts and data put inline, so that it opens from a disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SCRIPTS = (
    "fraction.js", "network.js", "sensitivity.js", "noise.js", "state.js", "elements.js", "bars.js", "layers.js",
    "interference.js", "curves.js", "tables.js", "scene.js", "settings.js", "sections.js", "main.js",
)  # fmt: skip
"""In the order in which they build on each other; all are plain scripts, as files cannot import modules."""


def page_html(data: dict[str, Any]) -> str:
    """Return the page that shows these data (`solver.page.data.page_data`); it loads nothing else."""
    parts = {
        "{{style}}": f"<style>\n{_asset('style.css')}</style>",
        "{{data}}": f'<script type="application/json" id="data">{embedded(data)}</script>',
        "{{scripts}}": "\n".join(f"<script>\n{_asset(name)}</script>" for name in SCRIPTS),
        "{{version}}": str(data["version"]),
    }
    page = _asset("template.html")
    for mark, text in parts.items():
        page = page.replace(mark, text)
    return page


def embedded(data: dict[str, Any]) -> str:
    r"""Return JSON that no HTML parser takes for a tag.

    Examples
    --------
    >>> embedded({"a": "</script>"})
    '{"a":"\\u003c/script>"}'
    """
    return json.dumps(data, separators=(",", ":")).replace("<", r"\u003c")


def _asset(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")
