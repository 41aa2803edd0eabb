"""The site: Sphinx reads this file; `make docs` builds build/site with warnings as errors."""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "extensions"))
os.environ["MPLBACKEND"] = "Agg"

from solver import __version__  # noqa: E402

project = "adaptive-pooling-solver"
author = copyright = "the adaptive-pooling-solver authors"
version = release = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_gallery.gen_gallery",
    "generated_pages",
    "house_links",
    "house_mathematics",
]
exclude_patterns = ["extensions", "static", "examples/*.ipynb", "examples/*.py", "examples/*.zip", "examples/*.json"]
default_role = "py:obj"
html_theme = "furo"
html_title = "adaptive-pooling-solver"
html_static_path = ["static"]
html_css_files = ["house.css"]
html_math_renderer = "house_mathml"
html_copy_source = html_show_sourcelink = html_show_copyright = False
html_theme_options = {"navigation_with_keys": False}
html_extra_path = [str(path) for path in (HERE.parent / "build" / "extra",) if path.is_dir()]  # copied as it is
suppress_warnings = ["config.cache", "ref.python"]  # the latter: `exact` in prose may name one of several

myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3
myst_disable_syntax = ["html_inline", "html_block"]  # <Var f> is a mean
myst_dmath_double_inline = True

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_default_options = {"members": True}
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 80
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
napoleon_preprocess_types = False

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "examples",
    "filename_pattern": "",
    "within_subsection_order": "gallery_order.CourseOrder",
    "download_all_examples": True,
    "min_reported_time": 10**6,
    "show_memory": False,
    "show_signature": False,
    "remove_config_comments": True,
    "abort_on_example_error": True,
    "write_computation_times": False,
    "matplotlib_animations": False,
    "default_thumb_file": None,
}
