"""What stands behind a value: the sources of its quantity and of its method, and the derivations that prove it."""

from __future__ import annotations

from dataclasses import dataclass

from solver.errors import InputError
from solver.optimal import deformation as optimal
from solver.optimal import pencil
from solver.proof import Proof
from solver.report.documents import frequencies, search
from solver.sensitivity.deformation.routes import AUTOCORRELATIONS, DEFORMATION_ROUTES
from solver.sensitivity.limits import limits as noise_limits
from solver.sensitivity.noise.closed import ONCE
from solver.sensitivity.noise.routes import ROUTES
from solver.sensitivity.noise.sampled.route import SAMPLED
from solver.sensitivity.shuffling import shuffling
from solver.values import ClosedValue, EnclosedValue, MissingValue, Value

ARB = "johansson2017arb"
DEFINITIONS = ("petrini2021relative", "tomasini2022spatial")
QUANTITIES = {"D": (*DEFINITIONS, "bruna2013invariant"), "G": DEFINITIONS, "R": (*DEFINITIONS, "bruna2013invariant")}
"""The sources of the quantities."""


@dataclass(frozen=True)
class Backing:
    """The sources (keys of `ENTRIES`) and the derivations behind one method."""

    sources: tuple[str, ...] = ()
    proofs: tuple[Proof, ...] = ()


RELATIVE = Proof("relative_stability")
_NOTHING = Backing()
_BEST = (Proof("best_kernel"),)

EXACTLY = {
    **{each.method: Backing(each.sources, each.proofs) for each in DEFORMATION_ROUTES},
    **{each.method: Backing(each.sources, each.proofs) for each in ROUTES},
    noise_limits.CLOSED: Backing(proofs=(Proof("limits_noise"),)),
    shuffling.MEANS: Backing(proofs=AUTOCORRELATIONS.proofs),
    frequencies.RAYLEIGH: Backing(proofs=(Proof("frequency"),)),
    frequencies.PROJECTION: Backing(proofs=(Proof("frequency"),)),
    optimal.LIMIT: Backing(proofs=_BEST),
    optimal.ALGEBRAIC: Backing(proofs=_BEST),
    pencil.PROVEN_LEAST: Backing((ARB,), _BEST),
    **dict.fromkeys(("sigma^2", "network", "formula, derived", "formula, identified"), _NOTHING),
    **dict.fromkeys((search.METHOD, MissingValue("").method), _NOTHING),
}
"""The methods that are always called the same: of every route, and of what is no route."""

CONTAINING = {
    SAMPLED.method: Backing(SAMPLED.sources, SAMPLED.proofs),
    noise_limits.BOUNDED: _NOTHING,
    " terms, as a proven ball": Backing((ARB,), ONCE.proofs),
    " shuffled networks": _NOTHING,
    " shuffles, ": _NOTHING,
}
"""The methods whose names carry numbers, by what they always contain; the first that fits counts."""


def backing(method: str) -> Backing:
    """Return what stands behind a method.

    Raises
    ------
    InputError
        If no value of the solver has this method.
    """
    if method in EXACTLY:
        return EXACTLY[method]
    for part, found in CONTAINING.items():
        if part in method:
            return found
    raise InputError(f"method: no route of the solver is called {method!r}; take a value's `method` as it is")


def kind_sources(value: Value) -> tuple[str, ...]:
    """Return the sources of the digits of a value: proven by ball arithmetic unless it is rational or sampled."""
    from solver.gaussian.functions import OwensT, Phi2

    if isinstance(value, EnclosedValue) or (value.exact is not None and hasattr(value.exact, "polynomial")):
        return (ARB,)
    if not isinstance(value, ClosedValue):
        return ()
    functions = {Phi2: "plackett1954reduction", OwensT: "owen1956tables"}
    used = [key for function, key in functions.items() if value.expression.has(function)]
    return (ARB, *(["johansson2018integration"] if used else []), *used)
