"""D and G of one layer in l, for a given scale: identified in a span of few functions of l.

Pairs out of each other's sight are one class, whatever l.  So a mean over the ensemble is (constant) + (constant) p,
with p the probability of a distance, and the moments of D are combinations of 1, 1/l, p, p^2 (p/l reduces to 1/l and
p, as p = c/(l - a)).  The noise response is a sum of moments of pairs of pre-activations, each named by means and by
variances in units of sigma^2, times the mean number of such pairs.  Sites that see no pixel are alike, so those numbers
are combinations of 1, p and l (and l^2 in the pooled output, where all sites meet).  That proof gives the space; exact
values on a few rings give the coefficients.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import sympy
from sympy import Integer

from solver.errors import NotApplicableError
from solver.network.representatives import network_representatives, noise_representatives
from solver.numbers.exact import Exact
from solver.question.noise import Noise
from solver.symbolic.formula import Certificate, Formula
from solver.symbolic.measured import MeasuredLayer
from solver.symbolic.pair_moments import over_spread
from solver.symbolic.setting import Setting, next_multiple
from solver.symbolic.span import RingSpan
from solver.symbolic.symbols import ell

if TYPE_CHECKING:
    from sympy import Expr


def deformation_in_length(setting: Setting, layer: str, scale: int) -> Formula:
    """Return D of a layer in l, for a given scale; costs about a second for xi = 7."""
    index = setting.layer_index(layer, scale)
    displacement, spread, span = _moments(setting, index, scale)
    return _identified(
        span,
        span.first,
        lambda draft, length: draft.agrees_at({"l": length}),
        quantity="D",
        expression=ratio(displacement, spread),
        setting=setting,
        layer=layer,
        fixed={"xi": scale},
        reason=f"pairs out of sight are one class, so both moments are combinations of {_listed(span)}",
        unknowns=len(span.functions),
    )


def noise_in_length(setting: Setting, layer: str, scale: int, noise: Noise) -> Formula:
    """Return G of a layer in l and sigma, for a given scale; its range holds for every sigma.

    For on shorter rings the numbers of pairs and the denominator are compared.  Costs well under a second for xi = 7.

    Raises
    ------
    NotApplicableError
        If the noise is rectified more than once.
    """
    setting = setting.for_noise(noise)
    index = setting.layer_index(layer, scale)
    span = _counts_span(setting, index, scale)
    counts = span.combinations(lambda length: MeasuredLayer(setting, index, length, scale).unit_counts(noise))
    _, spread, moments_span = _moments(setting, index, scale)

    def agrees(_: Formula, length: int) -> bool:
        found = {kind: n.subs(ell, length) for kind, n in counts.items()}
        return MeasuredLayer(setting, index, length, scale).has_counts(found, spread.subs(ell, length), noise)

    factor, terms = over_spread(counts, spread)
    return _identified(
        span,
        max(span.first, moments_span.first),
        agrees,
        quantity="G",
        expression=factor * sympy.Add(*(sympy.factor(p) * f for f, p in terms.items())),
        setting=setting,
        layer=layer,
        fixed={"xi": scale},
        reason=(
            "images out of sight are one class and sites without pixels alike, so the numbers of pairs of units "
            f"are combinations of {_listed(span)}; the moments of a pair are closed forms"
        ),
        unknowns=len(span.functions) * len(counts),
        noise=noise,
    )


def ratio(numerator: Expr, denominator: Expr) -> Expr:
    """Return a quotient of expressions in l in lowest terms, factored.

    Raises
    ------
    NotApplicableError
        If the denominator vanishes.
    """
    denominator = sympy.together(denominator)
    if denominator == 0:
        raise NotApplicableError("all images give the same output, so the denominator is 0 and D does not exist")
    return sympy.factor(sympy.cancel(sympy.together(numerator) / denominator))


def _identified(
    span: RingSpan, first: int, agrees: Callable[[Formula, int], bool], *, reason: str, unknowns: int, **parts: Any
) -> Formula:
    """Return a formula that holds from ``first`` on, and below as far down as every shorter ring agrees."""
    smallest = parts["setting"].smallest_length(parts["fixed"]["xi"])
    divides = (sympy.Eq(sympy.Mod(ell, span.step), 0),) if span.step > 1 else ()
    fitted, held_out = (tuple({"l": length} for length in rings) for rings in (span.fitted, span.held_out))
    draft = Formula(
        variables=("l",),
        conditions=(sympy.Ge(ell, smallest, evaluate=False), *divides),
        proof=Certificate(
            method="identified",
            reason=reason,
            certain=f"l >= {first}",
            unknowns=unknowns,
            fitted=fitted,
            held_out=held_out,
        ),
        **parts,
    )
    shorter = list(takewhile(lambda length: agrees(draft, length), range(first - span.step, smallest - 1, -span.step)))
    return replace(
        draft,
        conditions=(sympy.Ge(ell, min(shorter, default=first), evaluate=False), *divides),
        proof=replace(draft.proof, certified=tuple({"l": length} for length in shorter)),
    )


def _moments(setting: Setting, layer: int, scale: int) -> tuple[Expr, Expr, RingSpan]:
    """Return numerator and denominator of D in l, and their span: 1, p and p^2, each also over l."""
    task, p = setting.long_task(scale), setting.weights(scale).far
    network = setting.network(task).lowest(layer)
    powers = (Integer(1), p, p**2)
    over_l = (1 / ell,) if setting.distances != "flat" else tuple(f / ell for f in powers)
    sight = network_representatives(network, task, setting.deformation).length // 2
    span = _ring_span(setting, scale, (*powers, *over_l), sight)

    def moments(length: int) -> dict[str, Exact]:
        found = MeasuredLayer(setting, layer, length, scale).moments
        return {"displacement": found.change, "spread": found.spread}

    found = span.combinations(moments)
    return found["displacement"], found["spread"], span


def _counts_span(setting: Setting, layer: int, scale: int) -> RingSpan:
    """Return the combinations of 1, p and l, for f_p of l^2 too; p l reduces unless p is in floor(l/2)."""
    task, p = setting.long_task(scale), setting.weights(scale).far
    network = setting.network(task)
    powers = [ell, ell**2] if layer > network.depth else [ell]
    mixed = [p * power for power in powers] if setting.distances == "flat" else []
    sight = noise_representatives(network.lowest(layer), task).length // 2
    return _ring_span(setting, scale, (Integer(1), p, *powers, *mixed), sight)


def _ring_span(setting: Setting, scale: int, functions: tuple[Expr, ...], sight: int) -> RingSpan:
    """Return the combinations of functions on the rings of a setting that are long enough for some sight.

    With strides l is a multiple of the total stride P.  Of the signed separations q = 1..l-1 then l/P, less those in
    sight, have each residue mod P, so the weights of the classes of far pairs are combinations of 1 and p too.  For
    distances not counted by pairs these residues depend on l mod 2P.
    """
    if setting.strided and setting.distances == "flat":
        raise NotApplicableError("with strides there is no formula for distances 'flat'; for 'pairs' and 'balanced'")
    step = setting.step(scale)
    return RingSpan(functions, next_multiple(max(2 * sight, setting.smallest_length(scale)), step), step)


def _listed(span: RingSpan) -> str:
    return ", ".join(map(str, span.functions))
