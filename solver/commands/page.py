"""``solver page``."""

from __future__ import annotations

from pathlib import Path

import click

from solver.commands.options import number_list
from solver.commands.output import check_writable, progress_bar, write


@click.command(
    short_help="Write a page to play with: both networks, layer by layer.",
    help="""\b
Examples:
  solver page -o play.html
  solver page --lengths 32 --scales 7 -o talk.html
  solver page --method auto -o play.html

Write one HTML file with sliders for l, xi, d, displacements and noise. It needs no server and no network: open it in a
browser. It holds the networks, f_p(d), D, G and R of every task asked for; activations are calculated in the page.""",
)
@click.option("--lengths", default="16,24,32,48,64", show_default=True, help="Sites of the ring, l.")
@click.option("--scales", default="3,5,7,9", show_default=True, help="Scales xi, odd; each on rings l >= 2 xi.")
@click.option(
    "--method", default="mixed", show_default=True, help="Route for G: mixed (a minute), auto (long) or sampling."
)
@click.option("--no-cache", is_flag=True, help="Neither read nor keep slow values on disk.")
@click.option("--jobs", type=click.IntRange(1), help="Processes [default: one a core].")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file, not to stdout.")
def page(lengths: str, scales: str, method: str, no_cache: bool, jobs: int | None, output: Path | None) -> None:
    """Write the page."""
    from joblib import Parallel, delayed

    from solver.cache import Cache, default_folder
    from solver.numbers.exact import choice
    from solver.page.data import METHODS, Evaluation, case_data, grid, page_data
    from solver.page.document import page_html

    check_writable(output)
    tasks = grid(number_list(lengths, "--lengths"), number_list(scales, "--scales"))
    cache = None if no_cache else Cache(default_folder())
    how = Evaluation(method=choice(method, "method", METHODS), cache=cache)
    parallel = Parallel(n_jobs=min(jobs or -1, len(tasks)), return_as="generator")
    cases = []
    with progress_bar(f"{len(tasks)} tasks", about="page of ") as progress:
        for case in parallel(delayed(case_data)(length, scale, how) for length, scale in tasks):
            cases.append(case)
            if progress:
                progress(len(cases), len(tasks))
    write(page_html(page_data(cases)), output)
