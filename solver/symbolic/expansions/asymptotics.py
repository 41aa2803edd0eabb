"""D and G on long rings, in deep networks and at large scales: limits and expansions of formulas in l, xi and k.

On a long ring the two pixels are out of each other's sight.  So D of a map is that of the response K to one pixel: with
A_r its autocorrelations and o_r those of one pixel's displacement (C_r for l -> infinity),
D -> sum_r o_r A_r / (4 A_0), for the default law (2/3)(1 - A_1/A_0).  Derivation: derivations/limits.py.

G grows with the effective window A_k = S2/A_0.  Layer 1 rectifies the noise, later ones add: a_k changes by K' * delta.
On background delta = z+, z Gaussian of variance s sigma^2 (`uniform`), and E[z+ z'+] does not vanish between far sites,
as z+ has a mean.  With A'_r the autocorrelations of K' the background contributes l sum_r A'_r E[z_0+ z_r+] to the
numerator: all A'_r, S'^2 in sum, times the squared mean, and a few near lags times the covariance.

Only 2 s sites of layer 1 see a pixel, and |delta| <= |z| everywhere.  So for every hidden layer of every ring the
numerator is the background's times 1 + e, |e| <= 12 pi s/l, and the denominator is 4 (l-2)/(l-1) (A_0 - S2/l).  The
limits l -> infinity and k -> infinity commute, at fixed l sigma^2 as at fixed sigma.  Not so in the last layer: its
bias drops out for sigma s^k >> 1 only.  Derivation: derivations/limits_noise.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import sympy
from sympy import Integer, Poly, factorial, ff, rf

from solver.errors import InputError, NotApplicableError
from solver.gaussian.functions import as_sympy
from solver.question.deformation import Deformation
from solver.question.noise import GaussianNoise, Noise
from solver.symbolic.expansions.expansion import Expansion, expansion
from solver.symbolic.formula import Formula
from solver.symbolic.hidden_deformation import correlation_coefficients
from solver.symbolic.hidden_layer import HiddenKernel, hidden_kernel
from solver.symbolic.hidden_noise import HiddenNoise
from solver.symbolic.pair_moments import pair_moment
from solver.symbolic.setting import Setting
from solver.symbolic.snomial import Snomial
from solver.symbolic.symbols import VARIABLES, ell, k, sigma

if TYPE_CHECKING:
    from sympy import Expr

_PARITY = sympy.Symbol("parity")


def long_ring(formula: Formula, length: Expr | None = None) -> Expr:
    """Return D for l -> infinity, exact in what else the formula is in, or with l written in that, such as c xi.

    Raises
    ------
    NotApplicableError
        If the formula is not of D, or ``length`` is given and it differs between even and odd l.

    Examples
    --------
    >>> from solver import sensitivity_formula
    >>> long_ring(sensitivity_formula("shift", "output", "l,xi"))
    4/(xi*(2*xi - 1))
    """
    if formula.quantity != "D":
        raise NotApplicableError(f"expected a formula of D, got one of {formula.quantity}")
    expression = formula.expression.subs(sympy.floor(ell / 2), (ell - _PARITY) / 2)
    if length is not None:
        if expression.has(_PARITY):
            raise NotApplicableError("the ensemble 'flat' tells even from odd l; take the limit l -> infinity instead")
        return expression.subs(ell, length)
    grown = [x for x in expression.atoms(Snomial, sympy.Pow) if isinstance(x, Snomial) or not x.exp.is_Integer]
    names = {sympy.Symbol(f"_{i}"): x for i, x in enumerate(sorted(grown, key=sympy.default_sort_key))}
    named = expression.xreplace({x: name for name, x in names.items()})
    above, below = (Poly(part, ell) for part in sympy.fraction(sympy.together(named)))
    excess = above.degree() - below.degree()
    if excess < 0:
        return sympy.S.Zero
    return sympy.factor(above.LC() / below.LC()).xreplace(names) if excess == 0 else sympy.oo


def large(formula: Formula, *, length: Expr | None = None, terms: int = 2) -> Expansion:
    """Return the leading terms of D for large xi or k, on a long ring or on one that grows along.

    Parameters
    ----------
    formula : Formula
        Of D, in l and one of xi and k.
    length : sympy expression
        l in the other variable, such as ``c * xi``; None for l -> infinity.
    terms : int

    Raises
    ------
    InputError
        If that ring is too short for the formula.
    NotApplicableError
        If the formula is not of D, or has no other variable.

    Examples
    --------
    >>> from solver import sensitivity_formula
    >>> large(sensitivity_formula("uniform", None, "l,k")).terms
    (1/(4*k), -9/(64*k**2))
    """
    names = [name for name in formula.variables if name != "l"]
    if len(names) != 1:
        raise NotApplicableError(f"expected a formula in l and one of xi and k, got one in {formula.variables}")
    variable = VARIABLES[names[0]]
    if length is not None:
        room = [sympy.limit(length - c.rhs, variable, sympy.oo) for c in formula.conditions if c.lhs == ell]
        if any(gap.is_extended_negative for gap in room):
            raise InputError(f"length: l = {length} leaves the range of the formula, {formula.range_text}")
    return expansion(long_ring(formula, length), variable, terms)


def deep_deformation(size: Expr | int, terms: int = 2) -> Expansion:
    """Return the leading terms of D_k of `uniform` on a long ring, for the default law; s may be a symbol.

    Examples
    --------
    >>> deep_deformation(sympy.Symbol("s")).terms[0]
    2/(k*(s**2 - 1))
    """
    return expansion(one_pixel_deformation(HiddenKernel(k, size).autocorrelation), k, terms)


def one_pixel_deformation(autocorrelation: Callable[[int], Expr], deformation: Deformation | None = None) -> Expr:
    """Return sum_r o_r A_r / (4 A_0), the limit for l -> infinity where a map responds to single pixels.

    ``autocorrelation(r)`` returns A_r.  For the ensembles `pairs` and `flat`, where close pixels become rare.
    """
    own = [o for o, _ in correlation_coefficients(deformation or Deformation())]
    change = own[0] * autocorrelation(0) + 2 * sum(o * autocorrelation(r) for r, o in enumerate(own) if r and o != 0)
    return change / (4 * autocorrelation(0))


def last_map_deformation(size: int, deformation: Deformation | None = None) -> Expr:
    """Return D of the last map of `uniform` for l -> infinity, in its depth k = (xi - 1)/(s - 1).

    One pixel leaves K - 1 on the xi sites of its window, as all K >= 1 there.  The autocorrelations of that are
    A_r - 2 S + 2 (K_0 + ... + K_(r-1)) + xi - r with S = s^k, for r <= xi; for the default law
    D -> (2/3)(A_0 - A_1 - 1)/(A_0 - 2 s^k + xi).  Valid for k >= 2, and from xi >= 2 reach on.
    """
    kernel = HiddenKernel(k, size)

    def entry(j: int) -> Expr:  # of z^j in (1 - z^s)^k (1 - z)^-k
        powers = [(a, j - size * a) for a in range(j // size + 1)]
        terms = [(-1) ** a * ff(k, a) * rf(k, b) / (factorial(a) * factorial(b)) for a, b in powers]
        return sympy.expand(sympy.Add(*terms))

    def autocorrelation(lag: int) -> Expr:
        edge = sympy.Add(*map(entry, range(lag)))
        return kernel.autocorrelation(lag) - 2 * Integer(size) ** k + 2 * edge + kernel.width - lag

    return one_pixel_deformation(autocorrelation, deformation)


def noise_on_long_rings(setting: Setting, noise: Noise | None = None) -> Expr:
    """Return G_k, k >= 1 below the last layer, for l -> infinity at fixed energy E = l sigma^2, exact in k.

    E sum_r A'_r E[z_0+ z_r+] / (4 sigma^2 A_0), for the ensembles `pairs` and `flat`.

    Raises
    ------
    InputError
        If the noise's energy is "exact", which depends on the ring.
    NotApplicableError
        If the kernels of the construction's layers are no powers of one polynomial.

    Examples
    --------
    >>> noise_on_long_rings(Setting(construction="shift"))
    1/3
    """
    noise = noise or GaussianNoise()
    noise.assume("independent", "gaussian")
    sums = HiddenNoise.of(setting, k, noise)
    energy = as_sympy(noise.variance(1))
    background = {kind: sympy.expand(n).coeff(ell) for kind, n in sums.counts(sympy.S.Zero).items()}
    per_site = sympy.Add(*(n * pair_moment(kind).subs(sigma, 1) for kind, n in background.items() if n != 0))
    return sympy.expand(energy * per_site.subs(sums.values())) / (4 * sums.kernel.autocorrelation(0))


def effective_window(setting: Setting) -> Expr:
    """Return A_k = S2/A_0 = (sum K)^2 / sum K^2 of hidden layer k, the number of sites that its kernel averages over.

    The width of a box, and 2 sqrt(pi) standard deviations of a Gaussian.  For `uniform` A_k ~ sqrt(k).
    """
    kernel = hidden_kernel(setting, k)
    return kernel.squared_sum / kernel.autocorrelation(0)
