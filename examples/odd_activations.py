"""Odd activations do not pile up
==============================

The pooled noise behind a ReLU grows because its mean adds up over the sites (``why_noise_piles_up``).  An odd
activation answers noise of mean 0 around a background of 0 with a mean of 0: f(-eta) = -f(eta).  arXiv 2210.01506
names this as a way out.  Here it is in numbers: the box filters of ``uniform``, and a hard tanh in place of the ReLU.

The filters are divided by 3, so that pixels stay within the hard tanh's linear part.
"""

from decimal import Decimal

from solver import GaussianNoise, Layer, Network, Sampling, TwoPixelTask
from solver.plots.style import PALETTE, house_style, new_figure, show
from solver.sensitivity.noise.route import Evaluation
from solver.sensitivity.noise.routes import noise_responses
from solver.sensitivity.question import Question

FEW = Evaluation(sampling=Sampling(points=256, replicates=16))


def box_network(activation: str, depth: int) -> Network:
    """Return box filters that average three sites, pooled by a sum."""
    box = Layer(filters=[[["1/3", "1/3", "1/3"]]], activation=activation)
    return Network(layers=[box] * depth, pooling="sum")


def output_response(activation: str, length: int) -> tuple[Decimal, Decimal, Decimal]:
    """Return the coherent part, its error and the incoherent part of <(f_p(x + eta) - f_p(x))^2>."""
    question = Question(box_network(activation, 2), TwoPixelTask(length=length, scale=7), noise=GaussianNoise())
    output = noise_responses(question, FEW)[-1]
    return output.coherent.value(9), output.coherent.error(9), output.incoherent.value(9)


# %%
# With ReLUs this is a closed form.  Behind a hard tanh it is sampled, the coherent part without bias: it is a mean of
# products of independent samples, and may come out negative.

shares, found = {}, {"relu": {}, "hardtanh": {}}
for activation in ("relu", "hardtanh"):
    print(f"\n{activation:9}   l     coherent      error   incoherent")
    for length in (32, 64, 128):
        coherent, error, incoherent = output_response(activation, length)
        print(f"{'':9} {length:3} {coherent:12.6f} {error:10.6f} {incoherent:12.6f}")
        found[activation][length] = coherent, error
        shares[activation] = round(coherent / (coherent + incoherent), 2) + 0

# %%
# The total energy of the noise is the same on every ring.  The ReLU's coherent part grows with l and takes over.  The
# hard tanh's is 0 on the background; next to pixels a sum is cut at 1 now and then, which leaves almost nothing.

print(f"\nshare of the coherent part at l = 128: {shares['relu']} with ReLUs, {shares['hardtanh']} with hard tanhs")

# %%
# The coherent part alone, with the errors of sampling.

with house_style():
    figure, ((axis,),) = new_figure(width=4.2)
    for (activation, points), color, marker in zip(found.items(), PALETTE, "os", strict=False):
        values, errors = ([float(point[part]) for point in points.values()] for part in (0, 1))
        axis.errorbar(list(points), values, errors, color=color, marker=marker, capsize=3, label=activation)
    axis.set(xlabel="sites of the ring $l$", ylabel="coherent part")
    axis.legend()
show(figure)

# %%
assert shares == {"relu": Decimal("0.95"), "hardtanh": Decimal("0.00")}
