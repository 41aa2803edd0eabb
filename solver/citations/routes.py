"""What stands behind a value: the sources of its quantity and of its method, and the derivations that prove it."""

from __future__ import annotations

from dataclasses import dataclass

from solver.errors import InputError
from solver.optimal import deformation as optimal
from solver.proof import Proof
from solver.report.documents import frequencies, search
from solver.sensitivity import sensitivities
from solver.sensitivity.limits import limits as noise_limits
from solver.sensitivity.noise import series as rectified_twice
from solver.sensitivity.noise.sampled import sampling
from solver.sensitivity.noise.transfer import layer as chain_noise
from solver.sensitivity.noise.transfer import output as chain_readout
from solver.sensitivity.noise.transfer import rectified_input
from solver.sensitivity.shuffling import shuffling
from solver.values import ClosedValue, EnclosedValue, MissingValue, Value

ARB = "johansson2017arb"
DEFINITIONS = ("petrini2021relative", "tomasini2022spatial")
QUANTITIES = {"D": (*DEFINITIONS, "bruna2013invariant"), "G": DEFINITIONS, "R": (*DEFINITIONS, "bruna2013invariant")}
"""The sources of the quantities."""


@dataclass(frozen=True)
class Route:
    """The sources (keys of `ENTRIES`) and the derivations behind one method."""

    sources: tuple[str, ...] = ()
    proofs: tuple[Proof, ...] = ()


RELATIVE = Proof("relative_stability")
_BY_DISTANCE = Route(proofs=(Proof("deformation_last_layer", "hidden"), Proof("deformation_output", "output")))
_ONCE = Route(
    proofs=(
        Proof("rectified_moments"),
        Proof("noise_first_layers", "hidden", ("uniform", "shift")),
        Proof("noise_hidden_layers", "hidden", ("uniform",)),
    )
)
_CHAIN = Route(("stenger1993sinc", ARB), (Proof("noise_moving_average"),))
_BEST = Route(proofs=(Proof("best_kernel"),))
_LIMIT = Route(proofs=(Proof("limits_noise"),))
_SAMPLED = Route(("joe2008sobol", "matousek1998discrepancy", "owen1998scrambling"))

EXACTLY = {
    sensitivities.AUTOCORRELATIONS: Route(proofs=(Proof("deformation_linear_layers"),)),
    sensitivities.DISTANCES: _BY_DISTANCE,
    "linear noise": Route(),
    "closed form, rectified once": _ONCE,
    rectified_twice.PROVEN: Route(
        (ARB,),
        (
            Proof("independent_sums"),
            Proof("noise_last_layer", "hidden", ("shift",)),
            Proof("noise_output", "output", ("shift",)),
        ),
    ),
    chain_noise.METHOD: _CHAIN,
    chain_readout.METHOD: _CHAIN,
    rectified_input.METHOD: Route((ARB,)),
    noise_limits.CLOSED: _LIMIT,
    "sigma^2": Route(),
    "network": Route(),
    "formula, derived": Route(),
    "formula, identified": Route(),
    shuffling.MEANS: Route(proofs=(Proof("deformation_linear_layers"),)),
    frequencies.RAYLEIGH: Route(proofs=(Proof("frequency"),)),
    frequencies.PROJECTION: Route(proofs=(Proof("frequency"),)),
    optimal.LIMIT: _BEST,
    optimal.ALGEBRAIC: _BEST,
    optimal.PROVEN: Route((ARB,), _BEST.proofs),
    search.METHOD: Route(),
    MissingValue("").method: Route(),
}
"""The methods that are always called the same."""

CONTAINING = {
    sampling.METHOD: _SAMPLED,
    noise_limits.BOUNDED: Route(),
    " terms, as a proven ball": Route((ARB,), _ONCE.proofs),
    " shuffled networks": Route(),
    " shuffles, ": Route(),
}
"""The methods whose names carry numbers, by what they always contain; the first that fits counts."""


def route(method: str) -> Route:
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
