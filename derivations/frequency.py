# %% [markdown]
# # D below the last layer, frequency by frequency
#
# Let a = K * x be a layer that no ReLU cuts, and c_lambda = ||P_lambda K||^2 the squared coefficients of its effective
# kernels at the frequency lambda, an eigenvalue of the Laplacian of the ring, summed over channels.
# **Result** for the ensemble `pairs` and the law `independent` with `add`, exactly for every length l:
#
# $$D = \frac{\sum_\lambda c_\lambda \left(\frac43 \lambda - \frac29 \frac{\lambda^2}{l-1}\right)}
#            {4\,\frac{l-2}{l-1} \sum_{\lambda > 0} c_\lambda}
#   \;\longrightarrow\; \frac13 \langle\lambda\rangle = \frac23\left(1 - \frac{A_1}{A_0}\right).$$
#
# On a long ring a third of the mean frequency of the effective kernel is all there is to the stability of a hidden
# layer: 0 for a constant, 2/3 for a single tap (all frequencies alike), 4/3 for an alternating kernel.

# %%
from fractions import Fraction

import sympy
from sympy import Rational, cancel, expand, limit, symbols

from solver import Deformation, Layer, Network, TwoPixelTask, construct, effective_kernel
from solver.network.frequency.content import circular_autocorrelations, kernel_content, mean_kernel_frequency
from solver.sensitivity.deformation.autocorrelations import autocorrelation_moments

ell, theta = symbols("l theta", positive=True)
frequency = symbols("lambda")
z, mean = symbols("z nu")
A = symbols("A_0:3")
S2 = symbols("S_2")

# %% [markdown]
# ## The Laplacian and the autocorrelations
#
# On the ring L K(j) = 2 K(j) - K(j-1) - K(j+1).  In generating functions L multiplies by 2 - z - 1/z; on the circle
# z = exp(i theta) this is 4 sin^2(theta/2), the eigenvalue.  Its powers contract with autocorrelations:
# <K, L^n K> = sum_r (coefficient of z^r in (2 - z - 1/z)^n) A_r, and A_r = A_-r.

# %%
symbol = 2 - z - 1 / z
eigenvalue = 4 * sympy.sin(theta / 2) ** 2


def moment(power: int) -> sympy.Expr:
    """Return <K, L^n K> = sum over lambda of lambda^n c_lambda, in the autocorrelations."""
    series = expand(symbol**power)
    return sum(series.coeff(z, r) * A[abs(r)] for r in range(-power, power + 1))


# %% [markdown]
# The first moment over A_0 is the mean frequency; no eigenvector has been needed.

# %%
mean_frequency = cancel(moment(1) / A[0])

# %% [markdown]
# ## The numerator of D
#
# For linear layers (`deformation_linear_layers.py`)
#
# $$\langle\|a(\tau x) - a(x)\|^2\rangle = \frac83 (A_0 - A_1) - \frac49 \frac{3A_0 - 4A_1 + A_2}{l-1}.$$
#
# The first bracket is half of <K, L K>, the second half of <K, L^2 K>: a pixel's mean trace is a third of the
# Laplacian, and the pair of pixels carries it twice.

# %%
displacement = Rational(8, 3) * (A[0] - A[1]) - Rational(4, 9) * (3 * A[0] - 4 * A[1] + A[2]) / (ell - 1)
by_frequency = Rational(4, 3) * frequency - Rational(2, 9) * frequency**2 / (ell - 1)
in_moments = sum(expand(by_frequency).coeff(frequency, n) * moment(n) for n in (1, 2))

# %% [markdown]
# ## The denominator
#
# It is 4 (l-2)/(l-1) (A_0 - S2/l).  The constant unit vector has entries 1/sqrt(l), so at frequency 0 the squared
# coefficient is c_0 = S2/l: the denominator is what is left of sum c_lambda = A_0 once the constant is gone.
#
# ## Long rings
#
# At l -> infinity c_0 and the second moment drop out.

# %%
D = cancel(displacement / (4 * (ell - 2) / (ell - 1) * (A[0] - S2 / ell)))
D_limit = limit(D, ell, sympy.oo)


# %%
def by_spectrum(content: object, length: int) -> Fraction:
    """Return D from the mean squared coefficients, each frequency on its own."""
    pairs = list(zip(content.eigenvalues, content.mean_squares, strict=True))
    above = sum(c * (Fraction(4, 3) * e - Fraction(2, 9 * (length - 1)) * e * e) for e, c in pairs)
    below = sum(c for e, c in pairs if e != 0) * Fraction(4 * (length - 2), length - 1)
    return above / below


def latex() -> str:
    """Return D in frequencies, and its limit."""
    return (
        rf"D = \frac{{\sum_\lambda c_\lambda \left({sympy.latex(by_frequency)}\right)}}"
        rf"{{{sympy.latex(4 * (ell - 2) / (ell - 1))} \sum_{{\lambda > 0}} c_\lambda}}"
        rf" \longrightarrow \frac{{\langle\lambda\rangle}}{{3}}, \qquad \langle\lambda\rangle = "
        rf"{sympy.latex(expand(mean_frequency))}"
    )


def check() -> None:
    """Compare the algebra, then D of the engine with its spectrum, exactly, and with a third of the mean frequency."""
    assert sympy.simplify(symbol.subs(z, sympy.exp(sympy.I * theta)).rewrite(sympy.cos) - eigenvalue) == 0
    assert cancel(in_moments - displacement) == 0
    assert cancel(D_limit - mean_frequency / 3) == 0
    odd = Network(layers=[Layer(filters=[[[1, "1/2", -3, "2/7"]], [[0, -1, 2, 5]]], activation="identity")])
    cases = [(construct(name, TwoPixelTask()), 2) for name in ("uniform", "shift", "shift-mixed")] + [(odd, 1)]
    for network, layers in cases:
        for layer in range(1, layers + 1):
            for length in (14, 15, 16):
                moments = autocorrelation_moments(network, TwoPixelTask(length=length, scale=7), Deformation(), layer)
                content = kernel_content(network, layer, length)
                assert by_spectrum(content, length) == moments.change / moments.spread
                zero, one = circular_autocorrelations(effective_kernel(network, layer), length, [(0,), (1,)])
                values = {A[0]: Rational(zero), A[1]: Rational(one)}
                assert content.mean_frequency == Fraction(str(mean_frequency.subs(values)))
            errors = []
            for length in (10**5, 10**6):
                moments = autocorrelation_moments(network, TwoPixelTask(length=length, scale=7), Deformation(), layer)
                third = mean_kernel_frequency(network, layer, length) / 3
                errors.append(moments.change / moments.spread - third)
            assert abs(10 * errors[1] / errors[0] - 1) < Fraction(1, 1000)


if __name__ == "__main__":
    check()
    print(latex())
