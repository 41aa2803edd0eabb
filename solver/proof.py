"""The derivations that prove a value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Proof:
    """A script of derivations/ that proves a value, for one kind of layer or some constructions alone.

    Attributes
    ----------
    script : str
        Its name without ending.
    layer : {"", "hidden", "output"}
        The kind of layer it is about; any if empty.
    constructions : tuple of str
        The networks it is about; any if empty.
    """

    script: str
    layer: str = ""
    constructions: tuple[str, ...] = ()

    def applies(self, layer: str, construction: str) -> bool:
        """Return whether it proves a value of this kind of layer of this construction."""
        return self.layer in ("", layer) and (not self.constructions or construction in self.constructions)
