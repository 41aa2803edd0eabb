"""How much of each frequency a layer's filters and effective kernels hold: their weight on a Laplacian's eigenspaces.

The mean frequency is the Rayleigh quotient <w, L w>/<w, w>, so it is exact without any eigenvector.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from solver.errors import InputError, NotApplicableError
from solver.network.frequency.spectra import Frequency, Spectrum, grid_spectrum, path_spectrum, ring_spectrum
from solver.network.kernels import Kernel, effective_kernel
from solver.network.network import Network
from solver.numbers.algebraic import Algebraic
from solver.numbers.cosines import rational_if_so
from solver.numbers.exact import Exact
from solver.numbers.product import as_integers, product
from solver.question.lattice import Shape, as_shape, lags


@dataclass(frozen=True)
class FrequencyContent:
    """What a set of filters holds at each frequency, averaged over the set (derivations/frequency.py).

    Numbers are exact (Fraction or Algebraic), or sympy expressions where weights and cosines share no small field.

    Attributes
    ----------
    eigenvalues : tuple of numbers
        Frequencies, the distinct eigenvalues lambda of the graph Laplacian; 0 is constant.
    multiplicities : tuple of int
        Dimension of each eigenspace.
    mean_squares : tuple of numbers
        c_lambda = <||P_lambda w||^2>: the squared coefficients of the eigenspace summed, averaged over filters.
    mean_frequency : exact number
        <w, L w>/<w, w>, both averaged, which is sum lambda c_lambda / sum c_lambda.

    Examples
    --------
    >>> content = frequency_content([0, 1, 0, 0], ring_spectrum(4))
    >>> content.mean_squares == tuple(Fraction(n, 4) for n in content.multiplicities)
    True
    """

    eigenvalues: tuple[Frequency, ...]
    multiplicities: tuple[int, ...]
    mean_squares: tuple[Frequency, ...]
    mean_frequency: Exact

    @property
    def shares(self) -> tuple[Frequency, ...]:
        """The mean squares over their sum."""
        total = sum(_in_one_ring(*self.mean_squares), Fraction(0))
        pairs = (_in_one_ring(c, total) for c in self.mean_squares)
        return tuple(rational_if_so(part / whole) for part, whole in pairs)


def frequency_content(filters: ArrayLike, spectrum: Spectrum) -> FrequencyContent:
    """Return the frequency content of filters on a graph.

    Parameters
    ----------
    filters : array of exact numbers
        Its last axes are the sites of the graph (a grid as rows and columns); the others are averaged over.
    spectrum : Spectrum

    Raises
    ------
    InputError
        If the filters do not fit on the graph.
    NotApplicableError
        If every filter is zero.

    Notes
    -----
    Costs (nonzero pairs of taps) * (number of eigenvalues).

    Examples
    --------
    >>> frequency_content([[1, 1, 1], [0, 3, 0]], path_spectrum(3)).mean_squares == (3, 0, 3)
    True
    """
    values = np.array(filters, dtype=object)
    if values.size == 0 or values.size % spectrum.sites:
        raise InputError(f"filters: expected arrays of {spectrum.sites} sites, got the shape {values.shape}")
    rows = values.reshape(-1, spectrum.sites)
    m = product(rows.T, rows).astype(object) * Fraction(1, len(rows))  # the mean of w_i w_j
    steps = sum((m[u, u] + m[v, v] - 2 * m[u, v] for u, v in spectrum.graph.edges), Fraction(0))
    mean = _ratio(steps, m.trace())
    places = np.argwhere(m != 0).tolist()
    squares = []
    for n in range(len(spectrum.eigenvalues)):
        numbers = _in_one_ring(*(spectrum.entry(n, i, j) for i, j in places), *(m[i, j] for i, j in places))
        terms = zip(numbers[: len(places)], numbers[len(places) :], strict=True)
        squares.append(rational_if_so(sum((entry * moment for entry, moment in terms), Fraction(0))))
    return FrequencyContent(spectrum.eigenvalues, spectrum.multiplicities, tuple(squares), mean)


def filter_content(network: Network, layer: int) -> FrequencyContent:
    """Return the frequency content of the filters of a ``layer`` 1..depth of a ``network``, over channels and inputs.

    They live on a path of s taps, on a frame on a grid of s x s (derivations/frequency.py).  Costs a product of each
    two taps of every filter, and s^3 steps, or s^6 on a frame.

    Raises
    ------
    InputError, NotApplicableError
        If there is no such layer, or every filter is zero.

    Examples
    --------
    >>> from solver import TwoPixelTask, construct
    >>> filter_content(construct("uniform", TwoPixelTask()), 1).mean_squares == (3, 0, 0)
    True
    """
    chosen = network.layers[_numbered(network, layer) - 1]
    path = path_spectrum(chosen.size) if chosen.axes == 1 else grid_spectrum(chosen.size, chosen.size)
    return frequency_content(chosen.array, path)


def kernel_content(network: Network, layer: int, length: int) -> FrequencyContent:
    """Return the frequency content of the effective kernels K_k of a ``layer`` k on a ring of ``length`` sites.

    D of a layer of the ``network`` that no ReLU cuts is a sum over it (derivations/frequency.py).  Costs some l steps
    for each two entries of a kernel.

    Raises
    ------
    InputError
        If there is no such layer.
    NotApplicableError
        For kernels that are zero, or on a frame; there the mean frequency is that of `mean_kernel_frequency`.

    Examples
    --------
    >>> from solver import TwoPixelTask, construct
    >>> kernel_content(construct("uniform", TwoPixelTask()), 1, length=8).mean_frequency
    Fraction(2, 3)
    """
    kernel = effective_kernel(network, _numbered(network, layer))
    if kernel.axes > 1:
        raise NotApplicableError("the eigenspaces of a frame are not there; take mean_kernel_frequency")
    wrapped = np.full((kernel.channels, length), Fraction(0), dtype=object)
    for o in range(kernel.width):
        wrapped[:, o % length] = wrapped[:, o % length] + kernel.values[:, 0, o]
    return frequency_content(wrapped, ring_spectrum(length))


def mean_filter_frequency(network: Network, layer: int) -> Exact:
    """Return the mean frequency of the filters of a layer: <sum_j (w_(j+1) - w_j)^2> / <sum_j w_j^2>, exactly.

    Raises
    ------
    NotApplicableError
        If every filter is zero.

    Examples
    --------
    >>> from solver import TwoPixelTask, construct
    >>> [mean_filter_frequency(construct(name, TwoPixelTask()), 1) for name in ("uniform", "shift")]
    [Fraction(0, 1), Fraction(4, 3)]
    """
    filters = network.layers[_numbered(network, layer) - 1].array
    if network.is_rational:
        filters, _ = as_integers(filters)
    steps = [np.diff(filters, axis=axis) for axis in range(2, filters.ndim)]
    return _ratio(Fraction(1) * sum((each * each).sum() for each in steps), (filters * filters).sum())


def mean_kernel_frequency(network: Network, layer: int, length: int | Shape) -> Exact:
    """Return the mean frequency of the effective kernels of a layer on a ring: 2 (1 - A_1/A_0), exactly.

    On a frame it is 2 (1 - A_(1,0)/A_0) + 2 (1 - A_(0,1)/A_0).

    A_r are the circular autocorrelations; D_k of a linear layer tends to a third of it (derivations/frequency.py).
    Costs O(width^2 channels), whatever the length.

    Raises
    ------
    NotApplicableError
        If every kernel is zero.
    """
    kernel = effective_kernel(network, _numbered(network, layer))
    rest = (0,) * kernel.axes
    zero, *units = circular_autocorrelations(kernel, length, [rest, *np.eye(kernel.axes, dtype=int).tolist()])
    return _ratio(sum((2 * (zero - one) for one in units), Fraction(0)), zero)


def circular_autocorrelations(kernel: Kernel, length: int | Shape, wanted: Sequence[Sequence[int]]) -> list[Exact]:
    """Return A_r of a kernel wrapped around a ring or a frame, for the lags asked for, each with one entry per axis."""
    shape = as_shape(length)
    signed: dict[tuple[int, ...], Exact] = {}
    for lag, a in zip(lags(kernel.width - 1, kernel.axes), kernel.autocorrelations(), strict=True):
        signed[lag] = signed[tuple(-r for r in lag)] = a

    def around(lag: Sequence[int]) -> Exact:
        same = (a for r, a in signed.items() if all((x - y) % n == 0 for x, y, n in zip(r, lag, shape, strict=True)))
        return sum(same, Fraction(0))

    return [around(lag) for lag in wanted]


def _ratio(above: Exact, below: Exact) -> Exact:
    if below == 0:
        raise NotApplicableError("every filter is zero, so there is no frequency")
    return rational_if_so(above / below)


def _in_one_ring(*numbers: Any) -> list[Any]:
    """Return numbers that add and multiply: as they are if one field holds them, else as sympy expressions."""
    fields = {x.field for x in numbers if isinstance(x, Algebraic)}
    if len(fields) <= 1 and all(isinstance(x, int | Fraction | Algebraic) for x in numbers):
        return list(numbers)
    import sympy

    rationals = {x: sympy.Rational(x.numerator, x.denominator) for x in numbers if isinstance(x, int | Fraction)}
    return [rationals[x] if x in rationals else x.sympy() if isinstance(x, Algebraic) else x for x in numbers]


def _numbered(network: Network, layer: int) -> int:
    if not 1 <= layer <= network.depth:
        raise InputError(f"layer: expected 1 to {network.depth} for this network, got {layer}")
    return layer
