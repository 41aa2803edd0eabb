# %% [markdown]
# # Sums of rectified Gaussians, step by step
#
# The power series of a sum of rectified pixels needs an order that grows like (theta/s)^2: on long rings, where noise
# is weak, it is out of reach.  The densities can be followed along the axis instead.  **Result**: with g the density of
# N(m, s^2) on (0, inf), and h_n the n-fold convolution of g, perhaps with a Gaussian N(0, v) as well,
#
# $$V h_n'(x) = (M - x)\,h_n(x) + n s^2 g(0)\,h_{n-1}(x),\qquad V = v + n s^2,\quad M = n m,$$
#
# so that each Taylor coefficient about any point follows from those before it, and as many steps are needed as the
# density has widths, whatever theta is.

# %%
from fractions import Fraction

import mpmath
import sympy
from sympy import Expr, Function, Rational, exp, integrate, oo, pi, simplify, sqrt, symbols

from solver.gaussian.independent import RectifiedSums, Term
from solver.gaussian.steps.sums import SteppedSums

x, m = symbols("x m", real=True)
s, v, lam = symbols("s v lambda", positive=True)
n = symbols("n", integer=True, positive=True)

# %% [markdown]
# ## One pixel
#
# g' = -(x - m) g / s^2.  With q the transform of g, that of g' is lambda q - g(0), and that of x g is -q', so that
# q' = (s^2 lambda - m) q - s^2 g(0).
#
# ## Many
#
# The transform of h_n is q^n e^(v lambda^2 / 2).  Its derivative is, by the line above,
# (V lambda - M) times itself - n s^2 g(0) q^(n-1) e^(v lambda^2 / 2).  Read backwards, -x h_n = V h_n' - M h_n -
# n s^2 g(0) h_(n-1): the equation claimed.  Of h_1 without a Gaussian, h_0 is the atom at 0, which is g(0) as initial
# value instead.

# %%
density = exp(-((x - m) ** 2) / (2 * s**2)) / (s * sqrt(2 * pi))
q = Function("q")(lam)
start = symbols("g_0")
slope = (s**2 * lam - m) * q - s**2 * start
transform = q**n * exp(v * lam**2 / 2)

# %% [markdown]
# ## The remainder of a Taylor step
#
# With t_k the coefficients about c, (k + 1) V t_(k+1) = (M - c) t_k - t_(k-1) + n s^2 g(0) t_k of the function before.
# With absolute values the same recursion bounds all that follow: if they are at most T for two orders, the next two are
# at most q T with q = (|M - c| + 1 + n s^2 g(0)) / (V (k + 1)), and what is left out on |x - c| <= 1 is at most
# 2 T q / (1 - q).  An error at c is carried on as e^(-(x - M)^2 / 2V) is, which the step multiplies in exactly.


# %%
def latex() -> str:
    """Return the equation of the densities."""
    h, before = Function("h_n")(x), Function("h_{n-1}")(x)
    right = sympy.latex((n * m - x) * h + n * s**2 * start * before)
    return rf"(v + n s^2)\,{sympy.latex(h.diff(x))} = {right}"


def two_terms() -> Expr:
    """Return h_2 for m = 0, s = 1."""
    return exp(-(x**2) / 4) * sympy.erf(x / 2) / (2 * sqrt(pi))


def convolved(at: int) -> mpmath.mpf:
    """Return h_2(at) for m = 0, s = 1 by convolution."""
    return mpmath.quad(lambda u: mpmath.npdf(u) * mpmath.npdf(at - u), [0, at])


def check() -> None:
    """Compare the equation with transforms and with a convolution, and both evaluators where both are cheap."""
    assert simplify(density.diff(x) + (x - m) / s**2 * density) == 0
    given = {m: 0, s: 1, lam: Rational(1, 2)}
    moment = integrate((density * exp(-lam * x)).subs(given), (x, 0, oo))
    first = integrate((-x * density * exp(-lam * x)).subs(given), (x, 0, oo))
    at_zero = density.subs({x: 0, **given})
    assert abs((first - (moment / 2 - at_zero)).evalf(20)) < 1e-15
    found = transform.diff(lam).subs(q.diff(lam), slope)
    claimed = ((v + n * s**2) * lam - n * m) * transform - n * s**2 * start * q ** (n - 1) * exp(v * lam**2 / 2)
    assert simplify(found - claimed) == 0
    h = two_terms()
    assert simplify(2 * h.diff(x) + x * h - 2 * at_zero * density.subs({m: 0, s: 1})) == 0
    assert all(abs(h.subs(x, at).evalf(15) - convolved(at)) < 1e-13 for at in (1, 2, 5))
    terms = tuple(Term(Fraction(1), Fraction(mean), Fraction(1, 12)) for mean in (0, 0, 0, 1))
    plain, steps = RectifiedSums(Fraction(1), 25, Fraction(1, 12), 4), SteppedSums(Fraction(1), 10, [terms])
    assert steps.excess(terms).overlaps(plain.excess(terms))
    assert steps.excess_square(terms).overlaps(plain.excess_square(terms))


if __name__ == "__main__":
    check()
    print(latex())
