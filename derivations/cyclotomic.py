# %% [markdown]
# # Windows split over their roots, every product so far positive
#
# A box of xi ones is 1 + z + ... + z^(xi-1), and has real factors of degree 2: filters of three taps.  A ReLU sits
# between any two of them, so what matters is that no product so far has a negative entry.  **Result**: let theta =
# pi/P and leave N of the P roots of z^P = (-1)^(N-1) out, those next to 1.  What remains is a polynomial with the
# coefficients
#
# $$h_r = \prod_{i=1}^{N-1} \frac{\sin((r+i)\theta)}{\sin(i\theta)} \ge 1, \qquad 0 \le r \le P - N.$$
#
# N = 1 is the box, N = 2 the sine window; adding the roots from the largest angle down runs through N, N + 2, ...
# backwards.  The network `cyclotomic` is the box split in this order: f_p = ReLU(xi - d) with no constant.

# %%
from fractions import Fraction
from math import pi, sin

import sympy
from sympy import Expr, Poly, expand, simplify, symbols

from solver import Deformation, NumberField, TwoPixelTask, check_claim, construct, effective_kernel, linearity_proof
from solver.constructions.windows import window_filters
from solver.numbers.exact import sign
from solver.sensitivity.deformation.distances import distance_moments

z, q = symbols("z q")
theta = symbols("theta", positive=True)
N, r, P = symbols("N r P", integer=True, positive=True)

# %% [markdown]
# ## The polynomial and the roots left out
#
# The roots left out are q^t with q = e^(i theta) and t = -(N-1), -(N-3), ..., N-1.  They are roots of
# z^P = (-1)^(N-1), as q^P = -1 and t has the parity of N - 1.  So what remains is
#
# $$\frac{1 - (-1)^{N-1} z^P}{\prod_t (1 - q^t z)},$$
#
# read from the lowest power; it is its own mirror image, for the roots come in conjugate pairs.  Its degree P - N is
# less than P, so its coefficients are those of the series F_N(z) = prod_t 1/(1 - q^t z), the complete homogeneous
# symmetric polynomials of the roots left out.


# %%
def left_out(count: int) -> list[int]:
    """Return the exponents t of the roots left out."""
    return list(range(1 - count, count, 2))


def series_denominator(count: int, at: Expr) -> Expr:
    """Return 1/F_N at a point."""
    return sympy.prod([1 - q**t * at for t in left_out(count)])


# %% [markdown]
# ## The coefficients
#
# Turned by one step either way, the roots left out nearly coincide: q z moves them to t + 1 = -(N-2), ..., N and z/q
# to t - 1 = -N, ..., N - 2.  They differ in one factor each,
#
# $$(1 - q^N z) F_N(qz) = (1 - q^{-N} z) F_N(z/q).$$
#
# Compare the coefficients of z^r: (q^r - q^-r) h_r = (q^(N+r-1) - q^-(N+r-1)) h_(r-1).  As q^a - q^-a = 2i sin(a
# theta), every coefficient is the last one times a ratio of sines, and h_0 = 1.


# %%
def turned_difference(count: int) -> Expr:
    """Return the difference of both sides, over common denominators: 0."""
    right = (1 - q ** (-count) * z) * series_denominator(count, q * z)
    return simplify(expand((1 - q**count * z) * series_denominator(count, z / q)) - expand(right))


ratio = sympy.sin((N + r - 1) * theta) / sympy.sin(r * theta)


def coefficient(removed: int, at: int, period: int) -> float:
    """Return h_r as a product of sines."""
    value = 1.0
    for j in range(1, at + 1):
        value *= sin(pi * (removed + j - 1) / period) / sin(pi * j / period)
    return value


# %% [markdown]
# The product telescopes to N - 1 ratios: h_r = prod_(j<=r) sin((N-1+j) theta)/sin(j theta) is the product over i =
# 1..N-1 of sin((r+i) theta)/sin(i theta).  There 0 < i theta and (r+i) theta <= (P - 1) theta < pi for r <= P - N, so
# every sine is positive.  The ratio h_r/h_(r-1) is at least 1 as long as the middle of both arguments, (r + (N-1)/2)
# theta, is at most pi/2: the coefficients rise up to the middle, fall symmetrically, and start and end with 1.  None
# is less.


# %% [markdown]
# ## f_p and D at the last layer
#
# With N = 1 and P = xi the last kernel is the box: S = xi, so by `response.py` the constant 2 (S - xi) is 0.  As no
# ReLU cuts below, the last map is ReLU(box * x - 1), and that is the last map of `shift` too, on every image,
# deformed or not: D of the last layer and of f_p are those of `shift`.  Under noise they differ, for there the ReLUs
# below do cut.


# %%
def latex() -> str:
    """Return the coefficients and their recursion."""
    step = sympy.latex(ratio)
    return (
        r"\frac{1 - (-1)^{N-1} z^P}{\prod_t (1 - e^{i \pi t/P} z)} = \sum_{r=0}^{P-N} h_r z^r, \qquad "
        rf"\frac{{h_r}}{{h_{{r-1}}}} = {step}, \quad \theta = \frac{{\pi}}{{P}}, \qquad "
        r"h_r = \prod_{i=1}^{N-1} \frac{\sin((r+i)\theta)}{\sin(i\theta)} \ge 1"
    )


def check() -> None:
    """Compare with the roots, with exact products of the filters, and with the networks."""
    for count in range(1, 6):
        assert turned_difference(count) == 0
    for period in range(2, 13):
        for removed in (1, 2):
            check_products(period, removed)
    check_exact_ratios(9, 2)
    for scale in (5, 6, 7, 10):
        check_network(scale)


def check_products(period: int, removed: int) -> None:
    """Multiply the filters, of three taps and from the largest angle down: each product is the window of a larger N."""
    count = (period - removed + 1) // 2
    product = Poly(1, z)
    for taps in window_filters(period, removed, 3, count):
        product *= Poly([float(v) for v in taps], z)
        entries = [v for v in map(float, product.all_coeffs()) if abs(v) > 1e-9]
        window = [coefficient(period - len(entries) + 1, at, period) for at in range(len(entries))]
        assert min(entries) > 1 - 1e-9 and max(abs(a / b - 1) for a, b in zip(entries, window, strict=True)) < 1e-9


def check_exact_ratios(period: int, removed: int) -> None:
    """Check sin(r theta) h_r = sin((N+r-1) theta) h_(r-1) with no rounding, in the field of 2 cos theta."""
    c = NumberField(2 * sympy.cos(sympy.pi / period)).generator
    sines = [Fraction(0), Fraction(1)]
    while len(sines) <= period:
        sines.append(c * sines[-1] - sines[-2])
    product: list = [Fraction(1)]
    for taps in window_filters(period, removed, 3, (period - removed + 1) // 2):
        longer = [Fraction(0)] * (len(product) + 2)
        for i, a in enumerate(product):
            for j, b in enumerate(taps):
                longer[i + j] += a * b
        product = [v for v in longer if v != 0]
        now = period - len(product) + 1
        for at in range(1, len(product)):
            assert sines[at] * product[at] == sines[now + at - 1] * product[at - 1]
        assert all(sign(v - 1) >= 0 for v in product)
    assert product == sines[1:period]


def check_network(scale: int) -> None:
    """The last kernel is the box, no ReLU cuts below, the claim holds without a constant, and D is that of `shift`."""
    task = TwoPixelTask(length=2 * scale + 3, scale=scale)
    network, shift = construct("cyclotomic", task), construct("shift", task)
    assert check_claim(network, task) == {} and network.constant == 0
    assert [v for v in effective_kernel(network, network.depth).values.ravel() if v != 0] == [1] * scale
    assert not any(proof.cuts for proof in linearity_proof(network, task, Deformation())[:-1])
    ours, theirs = (distance_moments(each, task, Deformation())[-2:] for each in (network, shift))
    assert ours == theirs


if __name__ == "__main__":
    check()
    print(latex())
