"""The page as one HTML file: template.html with its style, scripts and data put inline."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any


def page_html(data: dict[str, Any]) -> str:
    """Return the page that shows these data (`solver.page.data.page_data`); it loads nothing else."""
    page = _asset("template.html").replace("{{version}}", str(data["version"]))
    page = page.replace('<link rel="stylesheet" href="style.css">', f"<style>\n{_asset('style.css')}</style>")
    page = re.sub(r'<script src="(.+)"></script>', lambda tag: f"<script>\n{_asset(tag[1])}</script>", page)
    return page.replace("{{data}}", embedded(data))


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
