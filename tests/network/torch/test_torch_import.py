"""Modules of torch as exact networks: the same weights, the same maps bit for bit, and refusals by name."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import DYADICS, networks, task_networks

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

from solver import InputError, Network, TwoPixelTask, activations, construct, from_torch, response, to_torch  # noqa: E402
from solver.constructions.registry import CONSTRUCTIONS  # noqa: E402
from tests.torch_modules import Times, circular, stack  # noqa: E402

IRRATIONAL = ("cyclotomic", "sine")
IMAGES = np.random.default_rng(0).integers(-3, 4, (5, 16))


def unnamed(network: Network) -> Network:
    """Return a network without its names and its claim, which torch does not hold."""
    return replace(network, layers=[replace(each, names=()) for each in network.layers], name="", claim=None)


def tensor(images: np.ndarray, dtype: Any = torch.float64) -> Any:
    return torch.from_numpy(images).to(dtype)[:, None, :]


def as_double(exact: Any) -> Any:
    return torch.from_numpy(np.array(exact, dtype=object).astype(float))


def dyadic(module: Any, *, bits: int = 3, seed: int = 1) -> Any:
    """Give a module in float64 random weights that are multiples of 2^-bits."""
    random = np.random.default_rng(seed)
    with torch.no_grad():
        for weight in module.double().parameters():
            weight.copy_(torch.from_numpy(random.integers(-8, 9, tuple(weight.shape)) / 2.0**bits))
    return module.eval()


@pytest.mark.parametrize("name", sorted(set(CONSTRUCTIONS) - set(IRRATIONAL)))
def test_hand_built_networks_come_back(name: str) -> None:
    network = construct(name, TwoPixelTask(scale=8 if name == "strided" else 7), channels=2)
    assert unnamed(from_torch(to_torch(network))) == unnamed(network)


@given(networks(8, DYADICS, activations=("relu", "identity", "hardtanh")))
def test_random_networks_come_back(network: Network) -> None:
    assert unnamed(from_torch(to_torch(network))) == unnamed(network)


@given(task_networks(DYADICS, lengths=st.sampled_from([4, 8])))
def test_maps_of_what_comes_back_equal_bit_for_bit(case: Any) -> None:
    task, network = case
    module, (images, _) = to_torch(network), task.images()
    again = from_torch(module)
    for ours, theirs in zip(activations(again, images), module.maps(tensor(images)), strict=True):
        assert torch.equal(as_double(ours.exact()), theirs)
    assert torch.equal(as_double(response(again, images)), module(tensor(images)))


class Functional(nn.Module):
    """The scaling of the neural tangent kernel, in functions."""

    def __init__(self, power: int = 2) -> None:
        super().__init__()
        self.first, self.second = nn.Parameter(torch.randn(4, 1, 3)), nn.Parameter(torch.randn(2, 4, 4))
        self.bias, self.readout = nn.Parameter(torch.randn(4, 1)), nn.Parameter(torch.randn(2))
        self.register_buffer("scale", torch.tensor(2.0**power))

    def forward(self, x: Any, unused: int = 0) -> Any:
        x = F.relu(F.conv1d(F.pad(x.double(), (1, 1), mode="circular"), self.first) / self.scale + self.bias)
        x = F.conv1d(F.pad(x, (1, 2), mode="circular"), self.second, stride=2) / math.sqrt(self.second.shape[1])
        x = F.hardtanh(0.5 * (x - 1), -0.25, 0.25) / x.shape[1]
        return 1 - (x.mean(-1) * self.readout).sum(dim=1)


class Scaled(nn.Conv1d):
    def forward(self, x: Any) -> Any:
        return super().forward(x) / math.sqrt(x.size(1) * 4)


class Viewed(nn.Module):
    """Blocks in a list, a view, and a matrix product."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([nn.Sequential(circular(1, 4), nn.ReLU()), nn.Sequential(circular(4, 4))])
        self.head = nn.Parameter(torch.randn(4, 1))

    def forward(self, x: Any) -> Any:
        for block in self.blocks:
            x = block(x)
        x = torch.relu(-x).mean(dim=2, keepdim=True)
        return (x.view(x.size(0), -1) @ self.head)[:, 0].neg()


class Patches(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.head = nn.Conv1d(1, 4, 4, stride=4), nn.Linear(4, 1, bias=False)

    def forward(self, x: Any) -> Any:
        return self.head(self.conv(x).relu_().sum(-1)).squeeze(-1) / 4


EXACT = {
    "sequential": lambda: stack(circular(1, 4), nn.ReLU(), circular(4, 4), nn.ReLU()),
    "no activation": lambda: stack(circular(1, 2), circular(2, 4)),
    "no head": lambda: nn.Sequential(circular(1, 1), nn.ReLU(), nn.AdaptiveAvgPool1d(1)),
    "no bias": lambda: stack(circular(1, 4, bias=False), nn.Identity(), nn.Hardtanh()),
    "nested": lambda: nn.Sequential(nn.Sequential(nn.Sequential(circular(1, 4)), nn.ReLU()), stack(circular(4, 4))),
    "padded before": lambda: stack(nn.CircularPad1d((0, 3)), nn.Conv1d(1, 4, 4, stride=2), nn.ReLU()),
    "same": lambda: stack(circular(1, 4, 4, padding="same"), nn.ReLU()),
    "dilated": lambda: stack(circular(1, 4, padding=2, dilation=2), nn.ReLU()),
    "grouped": lambda: stack(circular(1, 4), nn.ReLU(), circular(4, 4, groups=2), nn.ReLU()),
    "depthwise, dilated": lambda: stack(circular(1, 4), circular(4, 4, 2, padding="same", dilation=3, groups=4)),
    "wide clip": lambda: stack(circular(1, 4), nn.Hardtanh(-2.0, 2.0), circular(4, 4), nn.Hardtanh(-0.5, 0.5)),
    "factors": lambda: stack(Times(0.5), circular(1, 4), Times(-2), nn.ReLU(), Times(-0.25), circular(4, 4), Times(3)),
    "relu twice": lambda: stack(circular(1, 4), nn.ReLU(), Times(2), nn.ReLU(inplace=True)),
    "dropout": lambda: stack(circular(1, 4), nn.ReLU(), nn.Dropout(0.5)),
    "one pixel": lambda: stack(nn.Conv1d(1, 4, 1), nn.ReLU()),
    "patches": Patches,
    "functional": Functional,
    "subclass": lambda: stack(Scaled(1, 4, 3, padding=1, padding_mode="circular"), nn.ReLU()),
    "view": Viewed,
}


class Ending(nn.Module):
    """A convolution and a head, joined in one of the many ways to write it."""

    def __init__(self, begin: Any, end: Any) -> None:
        super().__init__()
        self.conv, self.head, self.same = circular(1, 4), nn.Linear(4, 1), nn.Identity()
        self.begin, self.end = begin, end

    def forward(self, x: Any) -> Any:
        weight = self.same(self.conv.weight)
        x = F.pad(self.begin(x), pad=(1, 1), mode="circular")
        x = F.relu(input=torch.conv1d(x, weight, self.conv.bias))
        return self.end(x, self.head)


WAYS: dict[str, Any] = {
    "plain": lambda x, head: head(x.mean(-1)),
    "mean kept, then not": lambda x, head: head(x.mean(-1, keepdim=True).mean(2)),
    "squeeze": lambda x, head: head(F.adaptive_avg_pool1d(x, 1).squeeze()).squeeze(),
    "index": lambda x, head: head(F.adaptive_avg_pool1d(x, 1)[..., 0])[..., 0],
    "view": lambda x, head: head(x.mean(-1).reshape((-1, 4))).view(-1),
    "flatten": lambda x, head: torch.flatten(head(torch.flatten(x.mean(-1), 1)), start_dim=0),
    "flatten the column": lambda x, head: head(x.mean(-1)).flatten(1)[:, :],
    "vector": lambda x, head: torch.matmul(x.mean(-1), head.weight[0]) + head.bias,
    "sum": lambda x, head: head(torch.sum(x, dim=2) / 16),
}
IMAGE_WAYS = {
    "unsqueezed": lambda x: x.unsqueeze(1),
    "new axis": lambda x: x[:, None],
    "new axis, all": lambda x: x[:, None, :],
}


@pytest.mark.parametrize("name", WAYS)
def test_ways_to_write_one_module_are_one_network(name: str) -> None:
    module = dyadic(Ending(nn.Identity(), WAYS[name]))
    network = from_torch(module)
    with torch.no_grad():
        theirs = module(tensor(IMAGES)).flatten()
    assert torch.equal(as_double(response(network, IMAGES)), theirs)
    plain = from_torch(dyadic(Ending(nn.Identity(), WAYS["plain"])))
    assert response(network, IMAGES) == response(plain, IMAGES) and network.layers == plain.layers


@pytest.mark.parametrize("name", IMAGE_WAYS)
def test_images_without_a_channel_axis_are_read(name: str) -> None:
    module = dyadic(Ending(IMAGE_WAYS[name], WAYS["plain"]))
    with torch.no_grad():
        theirs = module(torch.from_numpy(IMAGES).double()).flatten()
    assert torch.equal(as_double(response(from_torch(module), IMAGES)), theirs)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_compiled_module_is_its_original() -> None:
    module = stack(circular(1, 4), nn.ReLU())
    assert from_torch(torch.compile(module)) == from_torch(module)


@pytest.mark.parametrize("name", EXACT)
def test_responses_equal_the_module_bit_for_bit(name: str) -> None:
    module = dyadic(EXACT[name]())
    network = from_torch(module)
    with torch.no_grad():
        theirs = module(tensor(IMAGES)).flatten()
        again = to_torch(network)(tensor(IMAGES))
    assert torch.equal(as_double(response(network, IMAGES)), theirs) and torch.equal(again, theirs)
    assert network.name == type(module).__name__ and network.claim is None and len(set(theirs.tolist())) > 1


def test_maps_equal_the_module_bit_for_bit() -> None:
    module = dyadic(EXACT["grouped"]())
    a = activations(from_torch(module, name="mine"), IMAGES)
    with torch.no_grad():
        assert torch.equal(as_double(a[1].exact()), module[:2](tensor(IMAGES)))
        assert torch.equal(as_double(a[2].exact()), module[:4](tensor(IMAGES)))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64], ids=str)
def test_floats_are_the_dyadic_rationals_that_they_are(dtype: Any) -> None:
    module = stack(circular(1, 4), nn.ReLU()).to(dtype)
    network = from_torch(module)
    weight, bias = module[0].weight.detach().double(), module[0].bias.detach().double()
    assert network.layers[0].filters[1][0] == tuple(Fraction(w) for w in weight[1, 0].tolist())
    assert network.layers[0].bias == tuple(Fraction(b) for b in bias.tolist())
    assert network.constant == Fraction(float(module[-1].bias.detach()))
    denominators = {w.denominator for w in network.layers[0].weights}
    assert all(d & (d - 1) == 0 for d in denominators) and max(denominators) > 1


def test_a_factor_is_the_float_that_it_is() -> None:
    module = dyadic(stack(circular(1, 4), Times(1 / math.sqrt(3)), nn.ReLU()))
    plain = from_torch(stack(module[0], nn.ReLU()))
    found, factor = from_torch(module).layers[0].filters, Fraction(1 / math.sqrt(3))
    assert found[2][0] == tuple(w * factor for w in plain.layers[0].filters[2][0]) and factor**2 != Fraction(1, 3)


def test_a_trained_module_responds_as_its_network_does() -> None:
    """Single precision rounds; the exact response is within its error."""
    torch.manual_seed(0)
    module = stack(circular(1, 4), Times(0.5), nn.ReLU(), circular(4, 4), Times(1 / math.sqrt(12)), nn.ReLU())
    with torch.no_grad():
        theirs = module(tensor(IMAGES, torch.float32)).flatten()
    assert response(from_torch(module), IMAGES) == pytest.approx(theirs.tolist(), rel=1e-4)


@settings(max_examples=20)
@given(st.integers(1, 5), st.integers(1, 4), st.integers(1, 3), st.data())
def test_any_geometry_of_the_ring_is_read(size: int, stride: int, dilation: int, data: Any) -> None:
    """left + right from span - stride to span - 1 makes length / stride sites of any ring; all others are refused."""
    span = (size - 1) * dilation + 1
    left, right = data.draw(st.integers(0, span)), data.draw(st.integers(0, span))
    conv = nn.Conv1d(1, 4, size, stride=stride, dilation=dilation)
    module = dyadic(stack(nn.CircularPad1d((left, right)), conv, nn.ReLU()))
    images = np.random.default_rng(2).integers(-3, 4, (3, 16 * stride))
    if not span - stride <= left + right <= span - 1:
        with pytest.raises(InputError, match=f"expected left \\+ right = {span - 1} circular ones"):
            from_torch(module)
        return
    assert torch.equal(as_double(response(from_torch(module), images)), module(tensor(images)).flatten())


def test_the_advice_on_batch_norm_works() -> None:
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    module = stack(circular(1, 4), nn.BatchNorm1d(4), nn.ReLU())
    module(tensor(IMAGES, torch.float32))
    module.eval()
    fused = stack(fuse_conv_bn_eval(module[0], module[1]), nn.ReLU())
    fused[-1].load_state_dict(module[-1].state_dict())
    assert response(from_torch(fused), IMAGES) == pytest.approx(
        module(tensor(IMAGES, torch.float32)).flatten().tolist(), rel=1e-4
    )


def test_the_module_is_left_as_it_was() -> None:
    module = stack(circular(1, 4), nn.ReLU())
    before = {key: value.clone() for key, value in module.state_dict().items()}
    from_torch(module)
    assert module.training and all(torch.equal(value, before[key]) for key, value in module.state_dict().items())
    assert all(weight.requires_grad for weight in module.parameters())


def test_what_a_forward_keeps_for_later_is_undone() -> None:
    class Watched(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.head, self.maps = circular(1, 4), nn.Linear(4, 1), None

        def forward(self, x: Any) -> Any:
            self.maps = (self.conv(x) * torch.ones(4, 1)).relu()
            return self.head(self.maps.mean(-1))

    module = Watched()
    before = dict(vars(module))
    network = from_torch(module)
    assert vars(module) == before and len(network.layers) == 1


def test_a_counting_module_is_refused_and_undone() -> None:
    class Counting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.head = circular(1, 4), nn.Linear(4, 1)
            self.register_buffer("calls", torch.zeros(()))

        def forward(self, x: Any) -> Any:
            self.calls += 1
            return self.head(self.conv(x * self.calls).mean(-1))

    module = Counting()
    with pytest.raises(InputError, match="changes its own weights or buffers"):
        from_torch(module)
    assert module.calls == 0


def test_spectral_norm_is_read_in_eval_mode_alone() -> None:
    module = stack(nn.utils.parametrizations.spectral_norm(circular(1, 4)), nn.ReLU())
    with pytest.raises(InputError, match=r"changes its own weights or buffers; call .eval\(\)"):
        from_torch(module)
    network = from_torch(module.eval())
    theirs = module(tensor(IMAGES, torch.float32)).flatten().tolist()
    assert [float(f) for f in response(network, IMAGES)] == pytest.approx(theirs, abs=1e-6)
