# %% [markdown]
# # Moments of rectified Gaussians
#
# X+ = max(X, 0).  For X ~ N(m1, s1^2) and Y ~ N(m2, s2^2) of correlation rho, with a = m1/s1, b = m2/s2 and
# q = sqrt(1 - rho^2), this script derives E[X+], E[X+^2] and E[X+ Y+].  They are all that noise rectified once needs.
#
# Computer algebra does not find the third (SymPy 1.14 gives up on the integral); Gaussian integration by parts does,
# in six short steps.

# %%
from collections.abc import Callable

import mpmath
import sympy
from sympy import Expr, Poly, Rational, diff, expand, sqrt, symbols

from solver.gaussian.balls import enclose, midpoint_radius
from solver.gaussian.functions import Phi, Phi2, phi
from solver.gaussian.moments import rectified_mean, rectified_product, rectified_square

m1, m2, a, b, t, rho = symbols("m1 m2 a b t rho", real=True)
s1, s2, q = symbols("s1 s2 q", positive=True)

# %% [markdown]
# ## One variable: integration by parts
#
# Write X = m1 + s1 z with z standard normal: X is positive for z > -a.  The moments of a Gaussian tail,
# M_n(t) = int_t^oo z^n phi(z) dz, follow from phi' = -z phi:
#
# $$M_n = \left[-z^{n-1}\varphi\right]_t^\infty + (n-1) M_{n-2} = t^{n-1} \varphi(t) + (n-1) M_{n-2}, \qquad
#   M_0 = \Phi(-t), \quad M_1 = \varphi(t).$$


# %%
def tail_moment(n: int, start: Expr) -> Expr:
    """Return M_n(start)."""
    if n == 0:
        return Phi(-start)
    return start ** (n - 1) * phi(start) + ((n - 1) * tail_moment(n - 2, start) if n > 1 else 0)


def tail_mean(polynomial: Callable[[Expr], Expr], start: Expr) -> Expr:
    """Return the integral of polynomial(z) phi(z) from ``start`` to infinity."""
    z = symbols("z")
    coefficients = Poly(polynomial(z), z).all_coeffs()[::-1]
    return expand(sum(c * tail_moment(n, start) for n, c in enumerate(coefficients)))


# %% [markdown]
# E[X+] and E[X+^2] are tail moments of X and of X^2.

# %%
mean = tail_mean(lambda z: m1 + s1 * z, -m1 / s1)
square = tail_mean(lambda z: (m1 + s1 * z) ** 2, -m1 / s1)

# %% [markdown]
# ## Two variables: Gaussian integration by parts
#
# Take out the scales: X = s1 U, Y = s2 V, with U = a + z1 and V = b + z2.  For jointly normal z1, z2
#
# $$E[z_1\, g(z_1, z_2)] = E[\partial_1 g] + \rho\, E[\partial_2 g].$$
#
# Write 1_U for the indicator of U > 0.  Differentiating it leaves a delta at U = 0, where z1 = -a has density phi(a)
# and V is normal with mean b - rho a and variance q^2.  Below u = (b - rho a)/q and w = (a - rho b)/q.
#
# **Both positive.**  P = E[1_U 1_V] = Phi2(a, b; rho).

# %%
u, w, P = symbols("u w P", real=True)
meaning = {u: (b - rho * a) / q, w: (a - rho * b) / q}

# %% [markdown]
# **One at its edge.**  E[delta(U) 1_V] = phi(a) P(V > 0 | U = 0) and E[delta(U) V+] = phi(a) E[V+ | U = 0]: tail
# moments of one variable.  The same with U and V exchanged.

# %%
u_at_edge = phi(a) * tail_moment(0, -u)
v_at_edge = phi(b) * tail_moment(0, -w)
u_at_edge_mean = phi(a) * tail_mean(lambda z: b - rho * a + q * z, -u)

# %% [markdown]
# **One factor.**  E[1_U V+] = b E[1_U 1_V] + E[z2 1_U 1_V], and integrating z2 by parts differentiates 1_V, and 1_U
# with weight rho.

# %%
one_factor = b * P + v_at_edge + rho * u_at_edge

# %% [markdown]
# **Both factors.**  E[U+ V+] = a E[1_U V+] + E[z1 1_U V+].  By parts, the derivative of 1_U leaves E[delta(U) V+],
# and that of V+ leaves rho E[1_U 1_V].

# %%
standard_product = expand(a * one_factor + u_at_edge_mean + rho * P)
building_blocks = [P, phi(b) * Phi(w), phi(a) * Phi(u), phi(a) * phi(u)]
standard_weights = [standard_product.coeff(block) for block in building_blocks]

# %% [markdown]
# Put the scales back: E[X+ Y+] = s1 s2 E[U+ V+].

# %%
weights = [expand(s1 * s2 * c.subs({a: m1 / s1, b: m2 / s2})) for c in standard_weights]


def unfolded(expression: Expr) -> Expr:
    """Return an expression with the names P, u, w, q, a, b replaced by what they mean."""
    expression = expression.subs(P, Phi2(a, b, rho)).subs(meaning).subs(q, sqrt(1 - rho**2))
    return expression.subs({a: m1 / s1, b: m2 / s2})


product = sum(unfolded(weight * block) for weight, block in zip(weights, building_blocks, strict=True))

# %% [markdown]
# ## A second proof: Price's theorem
#
# Differentiating with respect to rho turns each rectifier into its slope: d/drho E[U+ V+] = E[1_U 1_V] = P.  A formula
# with this derivative and with the value E[U+] E[V+] at rho = 0 is the right one.
#
# Differentiate by the chain rule, with dP/drho = the bivariate density phi(a) phi(u) / q and q' = -rho/q.

# %%
slope_of_q = -rho / q
slopes = {rho: 1, q: slope_of_q, P: phi(a) * phi(u) / q} | {
    name: diff(value, rho) + diff(value, q) * slope_of_q for name, value in meaning.items()
}
price = sum(diff(standard_product, name) * slope for name, slope in slopes.items())

# %% [markdown]
# The density reads the same from either side, phi(b) phi(w) = phi(a) phi(u), as the exponents a^2 + u^2 and b^2 + w^2
# agree.  Divided by it, what is left beside P is a rational function of a, b, rho and q, which vanishes by
# q^2 = 1 - rho^2.


# %%
def reduced(expression: Expr) -> Expr:
    """Return the numerator of a rational function modulo q^2 = 1 - rho^2; 0 decides that the function is 0."""
    numerator, _ = sympy.fraction(sympy.together(expression.subs(meaning)))
    return sympy.rem(Poly(numerator, q, a, b, rho), Poly(q**2 + rho**2 - 1, q, a, b, rho)).as_expr()


same_exponents = reduced(a**2 + u**2 - b**2 - w**2)
price_rest = expand((price - P).subs(phi(w), phi(a) * phi(u) / phi(b)) / (phi(a) * phi(u)))

# %% [markdown]
# At rho = 0 the formula must factorise.

# %%
uncorrelated = standard_product.subs({P: Phi(a) * Phi(b), u: b, w: a}).subs({rho: 0, q: 1})
standard_means = [mean.subs({m1: at, s1: 1}) for at in (a, b)]
factorises = expand(uncorrelated - standard_means[0] * standard_means[1])

# %% [markdown]
# ## The limits rho = 1 and rho = -1
#
# By Price's theorem the moment is continuous in rho up to there.  At rho = 1 both variables follow one z, and both are
# positive for z > -t, t = min(a, b).  At rho = -1, X follows z and Y follows -z: both are positive for -a < z < b if
# a + b > 0; otherwise never, and the moment is 0.

# %%
aligned = tail_mean(lambda z: (m1 + s1 * z) * (m2 + s2 * z), -t)
opposed = tail_mean(lambda z: (m1 + s1 * z) * (m2 - s2 * z), -m1 / s1) - tail_mean(
    lambda z: (m1 + s1 * z) * (m2 - s2 * z), m2 / s2
)


# %%
def latex() -> str:
    """Return the three moments, in the names a, b, q of the text."""
    a_tex, b_tex = r"\frac{m_1}{s_1}", r"\frac{m_2}{s_2}"
    block_tex = [
        r"\Phi_2(a, b; \rho)",
        r"\varphi(b)\,\Phi\left(\frac{a - \rho b}{q}\right)",
        r"\varphi(a)\,\Phi\left(\frac{b - \rho a}{q}\right)",
        r"\varphi(a)\,\varphi\left(\frac{b - \rho a}{q}\right)",
    ]
    total = " + ".join(
        (rf"\left({sympy.latex(weight)}\right)" if weight.is_Add else sympy.latex(weight)) + r"\, " + block
        for weight, block in zip(weights, block_tex, strict=True)
    )
    return "\n".join(
        [
            r"\begin{aligned}",
            rf"E[X_+] &= {sympy.latex(mean)} \\",
            rf"E[X_+^2] &= {sympy.latex(square)} \\",
            rf"E[X_+ Y_+] &= {total}, \\",
            rf"a &= {a_tex}, \quad b = {b_tex}, \quad q = \sqrt{{1 - \rho^2}}",
            r"\end{aligned}",
        ]
    )


def by_quadrature(mean1: Rational, mean2: Rational, sd1: Rational, sd2: Rational, correlation: Rational) -> mpmath.mpf:
    """Return E[X+ Y+] as a double integral over the density, at mpmath's working precision."""
    at_u, at_v, r, scale = (mpmath.mpf(v.p) / v.q for v in (mean1 / sd1, mean2 / sd2, correlation, sd1 * sd2))

    def density(x: mpmath.mpf, y: mpmath.mpf) -> mpmath.mpf:
        z1, z2 = x - at_u, y - at_v
        return x * y * mpmath.exp(-(z1 * z1 - 2 * r * z1 * z2 + z2 * z2) / (2 * (1 - r * r)))

    panels = [0, 3, 6, 10, 15]
    integral = mpmath.quad(density, panels, panels, method="gauss-legendre", maxdegree=4)
    return scale * integral / (2 * mpmath.pi * mpmath.sqrt(1 - r * r))


def as_mpf(expression: Expr) -> mpmath.mpf:
    """Return a closed expression, enclosed to 35 digits."""
    middle, _ = midpoint_radius(enclose(expression, 35))
    return mpmath.mpf(middle.numerator) / middle.denominator


def check_symbols() -> None:
    """Compare the derived expressions with the ones in `solver`, symbol by symbol, and with Price's theorem."""
    assert same_exponents == 0
    assert reduced(price_rest) == 0
    assert factorises == 0
    assert expand(mean - rectified_mean(m1, s1**2)) == 0
    assert expand(square - rectified_square(m1, s1**2)) == 0
    assert expand(product - rectified_product(m1, m2, s1**2, s2**2, rho * s1 * s2)) == 0


def check_quadrature() -> None:
    """Compare with integrals of the definitions at 30 digits."""
    half, third = Rational(1, 2), Rational(1, 3)
    tolerance = mpmath.mpf(10) ** -30
    for m, s in ((1, half), (-third, 2), (0, 1)):
        for power, formula in ((1, mean), (2, square)):
            plain = mpmath.quad(
                lambda x, p=power, m=m, s=s: x**p * mpmath.npdf(x, mpmath.mpf(m), mpmath.mpf(s)), [0, 1, 3, 9, 30]
            )
            assert abs(plain - as_mpf(formula.subs({m1: m, s1: s}))) < tolerance
    for case in ((1, 0, half, half, 2 * third), (-half, 1, 1, Rational(3, 2), -third)):
        values = dict(zip((m1, m2, s1, s2, rho), map(Rational, case), strict=True))
        plain = by_quadrature(*values.values())
        assert abs(plain - as_mpf(product.subs(values))) < tolerance


def check_limits() -> None:
    """Compare the limits with `solver` and with the formula close to them: by Price its slope is at most s1 s2."""
    gap = Rational(1, 10**4)
    for case in ((1, -1, 2, 3), (-2, 5, 1, 2), (1, 1, 1, 1)):
        values = dict(zip((m1, m2, s1, s2), map(Rational, case), strict=True))
        edge = min(case[0] / Rational(case[2]), case[1] / Rational(case[3]))
        for sign, formula in ((1, aligned.subs(t, edge)), (-1, opposed)):
            limit = as_mpf(formula.subs(values))
            covariance = sign * values[s1] * values[s2]
            engine = rectified_product(values[m1], values[m2], values[s1] ** 2, values[s2] ** 2, covariance)
            assert abs(limit - as_mpf(engine)) < mpmath.mpf(10) ** -30
            assert abs(limit - as_mpf(product.subs(values | {rho: sign * (1 - gap)}))) < as_mpf(abs(covariance) * gap)


def check() -> None:
    """Run the three comparisons."""
    with mpmath.workdps(32):
        check_symbols()
        check_quadrature()
        check_limits()


if __name__ == "__main__":
    check()
    print(latex())
