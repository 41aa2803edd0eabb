"""The moments of layers that are linear on the data, from kernel autocorrelations alone."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import gcd

from solver.errors import NotApplicableError
from solver.network.kernels import Kernel, effective_kernel
from solver.network.linearity import LayerProof, linearity_proof
from solver.network.network import Network
from solver.question.correlations import difference_correlations, pixel_correlations
from solver.question.deformation import Deformation
from solver.question.lattice import lags
from solver.question.pairs import Task
from solver.sensitivity.deformation.moments import PairMoments


def linear_moments(
    network: Network, task: Task, deformation: Deformation, layers: Sequence[int], *, channel_mean: bool = False
) -> dict[int, PairMoments]:
    r"""Return the moments of layers that no ReLU cuts on the data (not checked here); O(width^2) for each.

    With the autocorrelations A_r of the effective kernels and S2 (`Kernel`), and those of the images, X_r, and of
    tau x - x, C_r, over all lags r and -r,

        <||K*(tau x - x)||^2> = sum_r A_r C_r / stride,
        <||K*x1 - K*x2||^2>   = 2 (sum_r A_r X_r - 4 S2/l) / stride,

    as the mean image is 2/l everywhere, in every ensemble (derivations/deformation_linear_layers.py).
    """
    kernels = {k: observed_kernel(network, k, channel_mean=channel_mean) for k in layers}
    widest = max((kernel.width for kernel in kernels.values()), default=1)
    changed = difference_correlations(task, deformation, widest - 1)
    places = lags(widest - 1, task.axes)
    changes = dict(zip(places, changed, strict=True))
    pixels = dict(zip(places, pixel_correlations(task, widest - 1), strict=True))
    found = {}
    for k, kernel in kernels.items():
        own = zip(lags(kernel.width - 1, task.axes), kernel.autocorrelations(), strict=True)
        terms = [(lag, (2 if lag[0] else 1) * a) for lag, a in own]
        change, energy = (sum((a * c[lag] for lag, a in terms), Fraction(0)) for c in (changes, pixels))
        spread = 2 * (energy - 4 * kernel.squared_sums() * Fraction(1, task.sites))
        found[k] = PairMoments(change * Fraction(1, kernel.stride), spread * Fraction(1, kernel.stride))
    return found


def autocorrelation_moments(
    network: Network, task: Task, deformation: Deformation, layer: int, *, channel_mean: bool = False
) -> PairMoments:
    """Return the moments of a layer that no ReLU cuts on the data; the cost does not depend on l.

    Raises
    ------
    NotApplicableError
        If some ReLU up to the layer cuts, or its stride meets the ensemble's period.
    """
    why = not_averaged(network, task, linearity_proof(network, task, deformation), layer)
    if why:
        raise NotApplicableError(why)
    return linear_moments(network, task, deformation, [layer], channel_mean=channel_mean)[layer]


def not_averaged(network: Network, task: Task, proofs: tuple[LayerProof, ...], layer: int) -> str | None:
    """Return why the moments of a layer are no contractions of autocorrelations averaged over the ring, or None.

    The layer must be linear on the data, and its stride P have no factor in common with the ensemble's period q: then
    the sites P p + o of the pixels that meet tap o run through every residue mod q equally often.
    """
    if layer > network.depth:
        return "autocorrelations are for maps, and this is the output"
    stride = network.total_stride(layer)
    if gcd(stride, task.period) > 1:
        return (
            f"autocorrelations average over positions; layer {layer} of total stride {stride} meets the blocks of "
            f"{task.period} sites at some positions only"
        )
    cut = next((proof for proof in proofs[:layer] if proof.cuts), None)
    return f"autocorrelations need a linear layer; layer {cut.layer} {cut.reason}" if cut else None


def observed_kernel(network: Network, layer: int, *, channel_mean: bool) -> Kernel:
    """Return the effective kernel of a layer, summed over channels if their mean is what is observed."""
    kernel = effective_kernel(network, layer)
    return kernel.channel_sum() if channel_mean else kernel
