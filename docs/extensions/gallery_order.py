"""The order of the gallery: as a course would take the examples, those not named here after them."""

from __future__ import annotations

from pathlib import Path

COURSE = (
    "the_task",
    "one_pair_through_both_networks",
    "why_overlap_makes_the_response",
    "deformation_by_hand",
    "low_against_high_frequency",
    "the_best_kernel",
    "why_noise_piles_up",
    "odd_activations",
    "a_network_of_my_own",
    "what_training_finds",
    "trained_beside_hand_built",
)


class CourseOrder:
    """A sort key for sphinx-gallery."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def __call__(self, name: str) -> tuple[int, str]:
        stem = Path(name).stem
        return (COURSE.index(stem) if stem in COURSE else len(COURSE), stem)

    def __repr__(self) -> str:
        return f"{type(self).__name__}{COURSE}"
