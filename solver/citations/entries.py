"""The BibTeX entries, as data: the solver, its sources, and the mathematics behind its methods."""

from __future__ import annotations

from dataclasses import dataclass

from solver import __version__


@dataclass(frozen=True)
class Entry:
    """One BibTeX entry.

    Attributes
    ----------
    kind : str
        A type that every BibTeX style knows.
    fields : dict
        In LaTeX.
    why : str
        What it is cited for; printed above the entry.
    """

    key: str
    kind: str
    fields: dict[str, str]
    why: str

    @property
    def bibtex(self) -> str:
        """The entry as BibTeX, after a comment that says what it is cited for."""
        lines = [f"  {name} = {{{value}}}," for name, value in self.fields.items()]
        return "\n".join([f"% {self.why}", f"@{self.kind}{{{self.key},", *lines, "}"])


SOLVER, TALK = "adaptivepoolingsolver", "petrini2022adaptive"
"""The keys of what is always cited."""

ENTRIES = {
    each.key: each
    for each in (
        Entry(
            SOLVER,
            "misc",
            {
                "title": "adaptive-pooling-solver: exact stability of hand-built {CNN} solutions of adaptive pooling",
                "author": "{the adaptive-pooling-solver authors}",
                "note": f"Software, version {__version__}",
            },
            "the solver",
        ),
        Entry(
            TALK,
            "misc",
            {
                "title": "The role of adaptive pooling",
                "author": "Petrini, Leonardo",
                "howpublished": "Talk at the PCSL retreat, Verbier, April 2022",
                "year": "2022",
            },
            "the task and the two solutions",
        ),
        Entry(
            "petrini2021relative",
            "inproceedings",
            {
                "title": "Relative stability toward diffeomorphisms indicates performance in deep nets",
                "author": "Petrini, Leonardo and Favero, Alessandro and Geiger, Mario and Wyart, Matthieu",
                "booktitle": "Advances in Neural Information Processing Systems",
                "volume": "34",
                "year": "2021",
                "note": "arXiv:2105.02468",
            },
            "D, G and R as ratios, of outputs",
        ),
        Entry(
            "tomasini2022spatial",
            "misc",
            {
                "title": "How deep convolutional neural networks lose spatial information with training",
                "author": "Tomasini, Umberto M. and Petrini, Leonardo and Cagnetta, Francesco and Wyart, Matthieu",
                "howpublished": "arXiv:2210.01506",
                "year": "2022",
            },
            "D and G of layers, and how they scale with depth",
        ),
        Entry(
            "bruna2013invariant",
            "article",
            {
                "title": "Invariant Scattering Convolution Networks",
                "author": "Bruna, Joan and Mallat, St{\\'e}phane",
                "journal": "IEEE Transactions on Pattern Analysis and Machine Intelligence",
                "volume": "35",
                "number": "8",
                "pages": "1872--1886",
                "year": "2013",
                "doi": "10.1109/TPAMI.2012.230",
            },
            "stability to deformations",
        ),
        Entry(
            "johansson2017arb",
            "article",
            {
                "title": "{Arb}: efficient arbitrary-precision midpoint-radius interval arithmetic",
                "author": "Johansson, Fredrik",
                "journal": "IEEE Transactions on Computers",
                "volume": "66",
                "number": "8",
                "pages": "1281--1292",
                "year": "2017",
                "doi": "10.1109/TC.2017.2690633",
            },
            "digits with a proven bound: ball arithmetic",
        ),
        Entry(
            "johansson2018integration",
            "inproceedings",
            {
                "title": "Numerical integration in arbitrary-precision ball arithmetic",
                "author": "Johansson, Fredrik",
                "booktitle": "Mathematical Software -- ICMS 2018",
                "publisher": "Springer",
                "year": "2018",
                "doi": "10.1007/978-3-319-96418-8_30",
            },
            "digits of Phi2 and of Owen's T with a proven bound",
        ),
        Entry(
            "plackett1954reduction",
            "article",
            {
                "title": "A reduction formula for normal multivariate integrals",
                "author": "Plackett, R. L.",
                "journal": "Biometrika",
                "volume": "41",
                "number": "3/4",
                "pages": "351--360",
                "year": "1954",
            },
            "Phi2 as an integral over the correlation",
        ),
        Entry(
            "owen1956tables",
            "article",
            {
                "title": "Tables for computing bivariate normal probabilities",
                "author": "Owen, Donald B.",
                "journal": "The Annals of Mathematical Statistics",
                "volume": "27",
                "number": "4",
                "pages": "1075--1090",
                "year": "1956",
            },
            "Owen's T",
        ),
        Entry(
            "stenger1993sinc",
            "book",
            {
                "title": "Numerical Methods Based on Sinc and Analytic Functions",
                "author": "Stenger, Frank",
                "publisher": "Springer",
                "address": "New York",
                "year": "1993",
            },
            "sinc interpolation on the noise grid of the transfer operator",
        ),
        Entry(
            "joe2008sobol",
            "article",
            {
                "title": "Constructing {Sobol} sequences with better two-dimensional projections",
                "author": "Joe, Stephen and Kuo, Frances Y.",
                "journal": "SIAM Journal on Scientific Computing",
                "volume": "30",
                "number": "5",
                "pages": "2635--2654",
                "year": "2008",
            },
            "sampling: the Sobol points",
        ),
        Entry(
            "matousek1998discrepancy",
            "article",
            {
                "title": "On the {$L_2$}-discrepancy for anchored boxes",
                "author": "Matou{\\v{s}}ek, Ji{\\v{r}}{\\'i}",
                "journal": "Journal of Complexity",
                "volume": "14",
                "number": "4",
                "pages": "527--556",
                "year": "1998",
            },
            "sampling: the linear scrambling",
        ),
        Entry(
            "owen1998scrambling",
            "article",
            {
                "title": "Scrambling {Sobol'} and {Niederreiter--Xing} points",
                "author": "Owen, Art B.",
                "journal": "Journal of Complexity",
                "volume": "14",
                "number": "4",
                "pages": "466--489",
                "year": "1998",
                "doi": "10.1006/jcom.1998.0487",
            },
            "sampling: errors from independent scramblings",
        ),
    )
}
"""Every entry by its key."""
