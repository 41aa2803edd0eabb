# %% [markdown]
# # Wider networks: what cannot change, and what does
#
# A network can be made wider without touching its output: equal or scaled copies of its channels, channels at scales of
# their own, channels that are sums of others.  **Result**, with N_c = <||a_c(x') - a_c(x)||^2> and
# M_c = <||a_c(x1) - a_c(x2)||^2> of channel c of layer k, x' deformed or noisy:
#
# 1. Copies at scales c_h > 0 leave f_p and every D, G and R as they are.
# 2. Channels at scales q_c > 0, undone by the next layer, leave f_p and all other layers; the layer's own value is
# $$D_k(q) = \frac{\sum_c q_c^2 N_c}{\sum_c q_c^2 M_c},$$
# a mean of the N_c/M_c.  It lies between the least and the largest, and is constant if all channels are shifts of one
# map: for `shift` and `shift-mixed`.
# 3. A channel that is the sum of all others, read or not, leaves f_p on the images.  Read with share t it changes the
# noise: `shift-mixed` with t = 1 answers noise as `uniform` does.

# %%
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import sympy
from sympy import IndexedBase, Rational, symbols

from solver import Deformation, GaussianNoise, Network, TwoPixelTask, check_claim, construct
from solver.network.changed.wider import scaled_copies
from solver.network.linearity import linearity_proof
from solver.network.trace import response
from solver.sensitivity.noise.closed import closed_response
from solver.sensitivity.question import Question
from solver.sensitivity.sensitivities import sensitivities

c, z, A0, A1, A2 = symbols("c z A_0 A_1 A_2", positive=True)
N, M, q = IndexedBase("N"), IndexedBase("M"), IndexedBase("q")

# %% [markdown]
# ## Positive scales pass through a ReLU
#
# For c > 0 the larger of c z and 0 is c times the larger of z and 0.  So a channel with c times the filters and the
# bias carries c times the map, for every input, noise included.  Copies c_1, ..., c_H summed and divided by
# c_1 + ... + c_H give the original back: by induction over the layers every map is c_h times the original, and f_p is
# the original.  Both norms of D_k (and of G_k) get the one factor sum_h c_h^2, which cancels.

# %%
homogeneous = [sympy.Max(0, c * sign * z) - c * sympy.Max(0, sign * z) for sign in (1, -1)]
copies = sympy.symbols("c_1:4", positive=True)
factor = sum(each**2 for each in copies)
ratio_of_copies = sympy.cancel(factor * A1 / (factor * A0))

# %% [markdown]
# ## Scales of their own
#
# With a scale q_c for each channel, N_k and M_k are sums over c with weights q_c^2.  The ratio is a mean of the N_c/M_c
# with weights q_c^2 M_c: it cannot leave their range, and does not move if they agree.
#
# They agree where every channel is a shift of one map, as the averages over a ring do not know places.  In `shift` a
# channel of layer k is ReLU(x) moved by its offset; in `shift-mixed` the sum of the layer below, moved by its tap.

# %%
two = (q[1] ** 2 * N[1] + q[2] ** 2 * N[2]) / (q[1] ** 2 * M[1] + q[2] ** 2 * M[2])
share_of_first = q[1] ** 2 * M[1] / (q[1] ** 2 * M[1] + q[2] ** 2 * M[2])
mean_of_two = share_of_first * N[1] / M[1] + (1 - share_of_first) * N[2] / M[2]

# %% [markdown]
# ## Sums of channels
#
# On images no ReLU below the last layer cuts, so ReLU(z_1 + ... + z_C) = a_1 + ... + a_C, and any part of what is read
# from the channels can be read from their sum.  Noise is cut: then ReLU(sum z) <= sum ReLU(z), and the part matters.
#
# The layer's own values change: its kernel has one more channel, for `shift` at layer 1 a box of width C = s.  The
# one-hot channels have A_0 = s, A_1 = 0, the box has A_r = s - r.  With the formula for D_k on long rings,
# (2/3)(1 - A_1/A_0), the value falls from 2/3 to (2/3)(s + 1)/(2 s).

# %%
s = symbols("s", integer=True, positive=True)
long_ring = Rational(2, 3) * (1 - A1 / A0)
with_sum = sympy.factor(long_ring.subs({A0: s + s, A1: s - 1}))


# %%
def latex() -> str:
    """Return the layer's value at scales of its own, and that of `shift` with a sum."""
    return (
        r"D_k(q) = \frac{\sum_c q_c^2 N_c}{\sum_c q_c^2 M_c} \in "
        r"\left[\min_c \frac{N_c}{M_c},\ \max_c \frac{N_c}{M_c}\right], \qquad "
        rf"\text{{shift with a sum: }} D_1 \to {sympy.latex(with_sum)}"
    )


def scaled_channels(network: Network, layer: int, scales: Sequence[Any]) -> Network:
    """Return the network with channel c of one layer times scales[c] > 0, and what reads it divided by that."""
    chosen = network.layers[layer - 1]
    factors = [Fraction(q) for q in scales]
    filters = tuple(q * taps for q, taps in zip(factors, chosen.array, strict=True))
    bias = tuple(q * b for q, b in zip(factors, chosen.bias, strict=True))
    layers = [*network.layers[: layer - 1], replace(chosen, filters=filters, bias=bias), *network.layers[layer:]]
    if layer == network.depth:
        readout = tuple(v / q for v, q in zip(network.readout, factors, strict=True))
        return replace(network, layers=tuple(layers), readout=readout)
    above = network.layers[layer]
    read = tuple([taps / q for taps, q in zip(channel, factors, strict=True)] for channel in above.array)
    layers[layer] = replace(above, filters=read)
    return replace(network, layers=tuple(layers))


def with_channel_sum(network: Network, layer: int, share: Any = 0) -> Network:
    """Return the network with one more channel in a hidden layer: filters and bias the sum of all the others'.

    The next layer reads it with ``share`` times its mean filter over channels, and every other with that much less.
    """
    below, above = network.layers[layer - 1 : layer + 1]
    names = (*below.names, "sum of all")
    filters, bias = (*below.array, below.array.sum(axis=0)), (*below.bias, sum(below.bias))
    moved = above.array.mean(axis=1, keepdims=True) * Fraction(share)
    read = np.concatenate([above.array - moved, moved], axis=1)
    layers = list(network.layers)
    layers[layer - 1 : layer + 1] = [
        replace(below, filters=filters, bias=bias, names=names),
        replace(above, filters=tuple(read)),
    ]
    return replace(network, layers=tuple(layers))


def same_values(first: Network, second: Network, task: TwoPixelTask, but: tuple[int, ...] = ()) -> bool:
    """Return whether D of every layer and the closed G agree, but for the layers left out."""
    deformation, noise = Deformation(), GaussianNoise()
    found = [
        sensitivities(each, task, deformation=deformation, noise=noise, quantities=("D",)).layers
        for each in (first, second)
    ]
    for k, (old, new) in enumerate(zip(*found, strict=True)):
        closed = [ratio(each, task, k) for each in (first, second)]
        if k not in but and (old.D.exact != new.D.exact or sympy.simplify(closed[0] - closed[1]) != 0):
            return False
    return True


def ratio(network: Network, task: TwoPixelTask, layer: int) -> sympy.Expr:
    """Return the closed noise response over that of the same network with identity activations, 0 where none is."""
    found = [
        closed_response(Question(each, task, noise=GaussianNoise()), layer)
        for each in (network, network.with_identity())
    ]
    if None in found or layer > network.depth:
        return sympy.Integer(0)
    top, bottom = (each.total.expression if hasattr(each.total, "expression") else each.total.exact for each in found)
    return sympy.sympify(top) / sympy.Rational(str(bottom))


def on_noise(network: Network, images: np.ndarray) -> list[object]:
    """Return f_p of images with pixels of either sign."""
    return list(response(network, images))


def check() -> None:
    """Prove the symbolic steps, and compare the widened networks with the originals, exactly."""
    assert all(sympy.simplify(each) == 0 for each in homogeneous)
    assert ratio_of_copies == A1 / A0 and sympy.simplify(two - mean_of_two) == 0
    assert with_sum == (s + 1) / (3 * s)
    task = TwoPixelTask(length=16, scale=5)
    noisy = np.random.default_rng(0).integers(-5, 6, size=(20, 16))
    for name in ("uniform", "shift", "shift-mixed"):
        network = construct(name, task)
        copied = scaled_copies(network, [1, "1/2", 3])
        assert on_noise(copied, noisy) == on_noise(network, noisy) and check_claim(copied, task) == {}
        assert same_values(network, copied, task)
    for name in ("shift", "shift-mixed"):
        check_channels(name, task, noisy)
    check_mean(noisy)


def check_channels(name: str, task: TwoPixelTask, noisy: np.ndarray) -> None:
    """Compare scales of their own, and sums read with several shares, with the original."""
    network = construct(name, task)
    own = scaled_channels(network, 1, [1, 2, "1/3"])
    assert on_noise(own, noisy) == on_noise(network, noisy) and same_values(network, own, task)
    assert all(not proof.cuts for proof in linearity_proof(network, task, Deformation())[:-1])
    for share in (0, Fraction(1, 2), 1):
        summed = with_channel_sum(network, 1, share=share)
        assert check_claim(summed, task) == {} and same_values(network, summed, task, but=(1,))
        assert (on_noise(summed, noisy) == on_noise(network, noisy)) == (share == 0)
    plain, uniform = with_channel_sum(construct("shift-mixed", task), 1, share=1), construct("uniform", task)
    assert on_noise(plain, noisy) == on_noise(uniform, noisy)
    found = [
        sensitivities(each, task, deformation=Deformation(), noise=GaussianNoise(), quantities=("D",))[1].D.exact
        for each in (network, summed)
    ]
    assert found[1] < found[0]


def check_mean(noisy: np.ndarray) -> None:
    """Where channels differ, scales of their own move D_k inside the range of N_c/M_c, towards the heavier channel."""
    task = TwoPixelTask(length=100, scale=5)
    network = with_channel_sum(construct("shift", task), 1)
    values = []
    for last in ("1/1000", 1, 1000):
        scaled = scaled_channels(network, 1, [1, 1, 1, last])
        assert on_noise(scaled, np.pad(noisy, ((0, 0), (0, 84)))) == on_noise(network, np.pad(noisy, ((0, 0), (0, 84))))
        values.append(sensitivities_of_layer(scaled, task))
    box, one_hot = (sensitivities_of_layer(construct(name, task), task) for name in ("uniform", "shift"))
    assert box < values[2] < values[1] < values[0] < one_hot
    limit = float(with_sum.subs(s, 3))
    assert abs(float(values[1]) - limit) < 1 / 20


def sensitivities_of_layer(network: Network, task: TwoPixelTask) -> Fraction:
    """Return D_1, exactly."""
    return Fraction(
        str(
            sensitivities(network, task, deformation=Deformation(), noise=GaussianNoise(), quantities=("D",))[1].D.exact
        )
    )


if __name__ == "__main__":
    check()
    print(latex())
