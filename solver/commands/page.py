"""``solver page``."""

from __future__ import annotations

from typing import Any

import click

from solver.commands.options import command, number_list, shared
from solver.commands.output import progress_bar, write
from solver.commands.question import chosen_cache


@command("""\b
Examples:
  solver page -o play.html
  solver page --lengths 32 --scales 7 -o talk.html
  solver page --method auto -o play.html

Write one HTML file with sliders for l, xi, d, displacements and noise. It needs no server and no network: open it in a
browser. It holds the networks, f_p(d), D, G and R of every task asked for; activations are calculated in the page.""")
@click.option("--lengths", default="16,24,32,48,64", show_default=True, help="Sites of the ring, l.")
@click.option("--scales", default="3,5,7,9", show_default=True, help="Scales xi, odd; each on rings l >= 2 xi.")
@shared(
    *("method", "no_cache", "jobs", "output"),
    method={"default": "mixed", "help": "Route for G: mixed (a minute), auto (long) or sampling."},
)
def page(**options: Any) -> None:
    """Write a page to play with: both networks, layer by layer."""
    from joblib import Parallel, delayed

    from solver.numbers.exact import choice
    from solver.page.data import PAGE_METHODS, PageOptions, case_data, grid, page_data
    from solver.page.document import page_html

    tasks = grid(*(number_list(options[name], f"--{name}") for name in ("lengths", "scales")))
    how = PageOptions(method=choice(options["method"], "method", PAGE_METHODS), cache=chosen_cache(options))
    parallel = Parallel(n_jobs=min(options["jobs"] or -1, len(tasks)), return_as="generator")
    cases = []
    with progress_bar(f"{len(tasks)} tasks", about="page of ") as progress:
        for case in parallel(delayed(case_data)(length, scale, how) for length, scale in tasks):
            cases.append(case)
            if progress:
                progress(len(cases), len(tasks))
    write(page_html(page_data(cases)), options["output"])
