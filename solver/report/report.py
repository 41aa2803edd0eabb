"""The report: the sensitivities of one or more networks on one task."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from solver.errors import InputError
from solver.sensitivity.question import Question
from solver.sensitivity.sensitivities import Sensitivities
from solver.sensitivity.shuffling.deformation import ShuffledDeformation


@dataclass(frozen=True)
class Report:
    """The sensitivities of networks under one task, deformation and noise, ready to be written down.

    Parameters
    ----------
    networks : tuple of Sensitivities
    shuffled : tuple of tuple of ShuffledDeformation
        For each network what `shuffled_deformations` gives, or none at all; text and JSON show it.

    Attributes
    ----------
    question : Question
        What was asked, of the first network.

    Raises
    ------
    InputError
        If there is none, or they were computed for different questions.

    Examples
    --------
    >>> from solver import TwoPixelTask, construct, sensitivities
    >>> task = TwoPixelTask()
    >>> report = Report(tuple(sensitivities(construct(n, task), task, quantities=["D"]) for n in ("shift", "uniform")))
    >>> print(report.to_text().splitlines()[1])
    Deformation: 'independent', collisions 'add'; <||tau x - x||^2> = 244/93 (8/3 far apart)
    """

    networks: tuple[Sensitivities, ...]
    shuffled: tuple[tuple[ShuffledDeformation, ...], ...] = ()
    question: Question = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        asked = [s.question for s in self.networks]
        questions = {(q.task, q.deformation, q.noise, q.channel_mean) for q in asked}
        if len(questions) != 1:
            raise InputError(
                f"a report needs networks of one task, deformation, noise and channel option; got {len(questions)}"
            )
        if self.shuffled and [len(s.layers) for s in self.networks] != [len(layers) for layers in self.shuffled]:
            raise InputError("shuffled: expected the deformations of every layer of every network, or nothing at all")
        object.__setattr__(self, "question", asked[0])

    @property
    def entries(self) -> Iterator[tuple[Sensitivities, tuple[ShuffledDeformation, ...]]]:
        """Each network's sensitivities, with D of its layers after shuffling if that was asked for."""
        return zip(self.networks, self.shuffled or [()] * len(self.networks), strict=True)

    def to_text(self, *, digits: int = 15, split: bool = False, frequencies: bool = False, why: bool = False) -> str:
        """Return the report as plain text.

        ``split`` adds the parts of G, ``frequencies`` those of the filters, ``why`` the routes of D and G and why no
        stronger one was taken.
        """
        from solver.report.writers.text import report_text

        return report_text(self, digits, split=split, frequencies=frequencies, why=why)

    def to_json(self, *, digits: int = 15, why: bool = False) -> str:
        """Return the report as JSON text, schema ``solver.report/1``; ``why`` adds the routes of every layer."""
        from solver.report.writers.json import report_json

        return report_json(self, digits, why=why)

    def to_latex(
        self,
        *,
        digits: int = 6,
        command: str | None = None,
        columns: str | Sequence[str] | None = None,
        width: float | None = None,
    ) -> str:
        """Return the report as a LaTeX table.

        Parameters
        ----------
        digits : int
            Significant digits of the decimals.
        command : str
            Recorded in a comment.
        columns : text such as "D,G,R", or a sequence of names
            A quantity for its decimal, ``D_exact`` for the exact number (`solver.report.columns.chosen_columns`).
        width : float
            Points that a line of the document has; 345, those of a bare article, if left out.

        Raises
        ------
        InputError
            For columns that do not exist.
        """
        from solver.report.writers.latex import report_latex

        return report_latex(self, digits, command, columns=columns, width=width)

    def to_html(self, *, digits: int = 6, split: bool = False) -> str:
        """Return the report as HTML tables; ``split`` adds columns for the two parts of G."""
        from solver.report.writers.html import report_html

        return report_html(self, digits, split=split)

    def _repr_html_(self) -> str:
        return self.to_html()

    def _repr_latex_(self) -> str:
        return self.to_latex()
