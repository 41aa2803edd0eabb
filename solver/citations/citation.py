"""BibTeX for exactly the results asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from solver.citations.entries import ENTRIES, SOLVER, TALK
from solver.citations.routes import QUANTITIES, RELATIVE, backing, kind_sources
from solver.constructions.registry import CONSTRUCTIONS
from solver.errors import InputError
from solver.numbers.exact import choice
from solver.sensitivity.results import LayerValues
from solver.sensitivity.sensitivities import Sensitivities
from solver.values import MissingValue, Value


@dataclass(frozen=True)
class Cited:
    """A result: what it is, by which method, with the keys of its sources and the derivations that prove it."""

    what: str
    method: str
    sources: tuple[str, ...]
    derivations: tuple[str, ...]

    @property
    def comment(self) -> str:
        """The result as lines that BibTeX skips: it takes all for a comment that follows no @."""
        scripts = "".join(f"\n%   derivations/{name}.py" for name in self.derivations)
        return f"% {self.what}: {self.method}{scripts}".replace("@", "(at)")


def citation(
    *results: Sensitivities | Value, layers: Sequence[str] = ("all",), quantities: Sequence[str] = ("D", "G", "R")
) -> str:
    """Return BibTeX for the solver, the talk, and the sources of exactly the results given.

    Comments between the entries name each result, its method, and the derivations that prove it.

    Parameters
    ----------
    *results : Sensitivities or Value
        None for the solver and the talk alone.
    layers : sequence of str
        Of `Sensitivities`: numbers from "0", the image, "last", "output" or "all".
    quantities : sequence of {"D", "G", "R"}
        Of `Sensitivities`.

    Raises
    ------
    InputError
        If a result is neither, a network has no such layer, or a quantity is unknown.

    Examples
    --------
    >>> print(citation())  # doctest: +ELLIPSIS
    % the solver
    @misc{adaptivepoolingsolver,
    ...
    """
    found = list(cited(results, layers, quantities))
    keys = dict.fromkeys([SOLVER, TALK, *(key for each in found for key in each.sources)])
    comments = list(dict.fromkeys(each.comment for each in found))
    return "\n\n".join([*(["\n".join(comments)] if comments else []), *(ENTRIES[key].bibtex for key in keys)]) + "\n"


def cited(
    results: Sequence[Sensitivities | Value], layers: Sequence[str], quantities: Sequence[str]
) -> Iterator[Cited]:
    """Yield each value asked for, with what stands behind it."""
    check_quantities(quantities)
    for result in results:
        if isinstance(result, Sensitivities):
            places = dict.fromkeys(k for name in layers for k in _layers(name, result.network.depth))
            for k, quantity in product(places, quantities):
                yield _of_layer(result.network.name, result.layers[k], quantity)
        elif isinstance(result, Value):
            found = backing(result.method)
            scripts = tuple(proof.script for proof in found.proofs if not (proof.layer or proof.constructions))
            yield Cited(f"a value ({result.kind})", result.method, (*found.sources, *kind_sources(result)), scripts)
        else:
            raise InputError(f"citation: expected Sensitivities or values of them, got {result!r}")


def check_quantities(quantities: Sequence[str]) -> None:
    """Refuse quantities other than D, G and R."""
    for quantity in quantities:
        choice(quantity, "quantity", QUANTITIES)


def check_layers(layers: Sequence[str], depth: int) -> None:
    """Refuse names of layers that a network of some depth does not have."""
    for name in layers:
        _layers(name, depth)


def _layers(name: str, depth: int) -> list[int]:
    """Return the layers that a name stands for in a network, the output as depth + 1."""
    named = {"all": list(range(depth + 2)), "last": [depth], "output": [depth + 1]}
    if name in named:
        return named[name]
    if not (name.isdecimal() and int(name) <= depth):
        raise InputError(f"layer: expected 0 to {depth}, last, output or all for this network, got {name!r}")
    return [int(name)]


def _of_layer(name: str, layer: LayerValues, quantity: str) -> Cited:
    """Return what stands behind one quantity of one layer; R has all that D and G have."""
    value: Value = getattr(layer, quantity)
    where = "output f_p" if layer.name == "output" else f"layer {layer.layer}"
    what = f"{name}, {where}, {quantity} ({value.kind})"
    if isinstance(value, MissingValue):
        return Cited(what, value.why, (), ())
    values = [layer.D, layer.G] if quantity == "R" else [value]
    routes = [backing(each.method) for each in values]
    built = CONSTRUCTIONS[name].proofs if name in CONSTRUCTIONS else ()
    proofs = [*built, *(proof for each in routes for proof in each.proofs)]
    proofs += [RELATIVE] if quantity == "R" else []
    scripts = [proof.script for proof in proofs if proof.applies(layer.name, name)]
    sources = [key for each, found in zip(values, routes, strict=True) for key in (*found.sources, *kind_sources(each))]
    method = "; ".join(dict.fromkeys(each.method for each in values))
    return Cited(what, method, (*QUANTITIES[quantity], *sources), tuple(dict.fromkeys(scripts)))
