"""Modules of torch that are no network on the ring are refused by name, with what to do."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

from solver import InputError, from_torch  # noqa: E402
from tests.torch_modules import Times, circular, stack  # noqa: E402


class Forward(nn.Module):
    """A module of one's own."""

    def __init__(self, forward: Any) -> None:
        super().__init__()
        self.conv, self.head = circular(1, 4), nn.Linear(4, 1)
        self.own = forward

    def forward(self, x: Any) -> Any:
        return self.own(self, x)


def hooked() -> Any:
    module = stack(circular(1, 4), nn.ReLU())
    module[0].register_forward_hook(lambda *_: None)
    return module


def patched() -> Any:
    module = stack(circular(1, 4), nn.ReLU())
    module[1].forward = torch.tanh
    return module


def filled(value: float) -> Any:
    module = stack(circular(1, 4), nn.ReLU())
    nn.init.constant_(module[0].weight, value)
    return module


def in_place(m: Any, x: Any) -> Any:
    x = m.conv(x)
    x.relu_()
    return m.head(x.mean(-1))


def padded_later() -> Any:
    conv = nn.Conv1d(1, 4, 3)
    conv.padding = (1,)
    return stack(nn.CircularPad1d(1), conv)


def counted(m: Any, x: Any) -> Any:
    m.calls = getattr(m, "calls", 0) + 1
    return m.head(m.conv(x * m.calls).mean(-1))


def doubled_in_place(m: Any, x: Any) -> Any:
    return m.head(F.conv1d(x, m.conv.weight[:, :, :1].mul_(2)).mean(-1))


class Doubled(nn.Sequential):
    """A module whose call is not its forward."""

    def __call__(self, x: Any) -> Any:
        return 2 * super().__call__(x)


def functional(weight: Any, **options: Any) -> Any:
    return lambda: Forward(lambda m, x: m.head(F.conv1d(x, weight, **options).mean(-1)))


def read_by(weight: Any, bias: Any = None) -> Any:
    return lambda: Forward(lambda m, x: F.linear(m.conv(x).mean(-1), weight, bias))


REFUSED: dict[str, tuple[Any, list[str]]] = {
    "no module": (lambda: {"weight": 1}, ["expected a torch.nn.Module, got dict"]),
    "zero padding": (
        lambda: stack(nn.Conv1d(1, 4, 3, padding=1)),
        ["'0' (Conv1d)", "mode 'zeros'", "padding_mode='circular'"],
    ),
    "reflected padding": (lambda: stack(circular(1, 4, padding_mode="reflect")), ["'0' (Conv1d)", "'reflect'"]),
    "zeros by hand": (lambda: Forward(lambda m, x: m.conv(F.pad(x, (1, 1)))), ["operation 'pad'", "mode 'constant'"]),
    "zeros in a function": (
        lambda: Forward(lambda m, x: F.conv1d(x, m.conv.weight, padding=1)),
        ["'conv1d'", "zeros", "CircularPad1d"],
    ),
    "zero pad module": (lambda: stack(nn.ZeroPad1d(1), nn.Conv1d(1, 4, 3)), ["'0' (ZeroPad1d) is not taken"]),
    "no padding": (lambda: stack(nn.Conv1d(1, 4, 3)), ["'0' (Conv1d) pads 0 + 0", "span 3", "= 2"]),
    "too much padding": (lambda: stack(circular(1, 4, padding=2)), ["'0' (Conv1d) pads 2 + 2"]),
    "padding twice": (lambda: stack(nn.CircularPad1d(1), circular(1, 4)), ["'1' (Conv1d) pads maps that are padded"]),
    "padding left over": (lambda: stack(circular(1, 4), nn.CircularPad1d(1)), ["'2' (AdaptiveAvgPool1d) pools padded"]),
    "cropping": (lambda: stack(nn.CircularPad1d((-1, 1)), nn.Conv1d(1, 4, 1)), ["pads by -1 and 1"]),
    "channels that do not match": (lambda: stack(circular(2, 4)), ["'0' (Conv1d) takes 2 channels", "has 1"]),
    "tanh": (lambda: stack(circular(1, 4), nn.Tanh()), ["'1' (Tanh) is not taken", "ReLU, Hardtanh"]),
    "leaky": (lambda: stack(circular(1, 4), nn.LeakyReLU()), ["'1' (LeakyReLU) is not taken"]),
    "relu6": (lambda: stack(circular(1, 4), nn.ReLU6()), ["'1' (ReLU6) clips to [0.0, 6.0]", "-c and c"]),
    "lopsided clip": (lambda: stack(circular(1, 4), nn.Hardtanh(-1, 2)), ["'1' (Hardtanh) clips to [-1, 2]"]),
    "activation of the image": (
        lambda: stack(nn.ReLU(), circular(1, 4)),
        ["'0' (ReLU) is an activation", "convolution"],
    ),
    "two activations": (lambda: stack(circular(1, 4), nn.Hardtanh(), nn.ReLU()), ["'2' (ReLU) is an activation"]),
    "relu of minus relu": (lambda: stack(circular(1, 4), nn.ReLU(), Times(-1), nn.ReLU()), ["'3' (ReLU) is an"]),
    "batch norm": (lambda: stack(circular(1, 4), nn.BatchNorm1d(4)).eval(), ["'1' (BatchNorm1d)", "fuse_conv_bn_eval"]),
    "group norm": (lambda: stack(circular(1, 4), nn.GroupNorm(2, 4)), ["'1' (GroupNorm)", "fold it"]),
    "max pool": (lambda: stack(circular(1, 4), nn.MaxPool1d(2)), ["'1' (MaxPool1d)", "pool once over all sites"]),
    "pool to two": (lambda: nn.Sequential(circular(1, 4), nn.AdaptiveAvgPool1d(2)), ["pools to 2 sites"]),
    "dropout in training": (lambda: stack(circular(1, 4), nn.Dropout()), ["'1' (Dropout) drops", ".eval()"]),
    "two logits": (
        lambda: stack(circular(1, 4), outputs=2),
        ["'3' (Linear)", "2 outputs", "w[1] - w[0]", "b[1] - b[0]"],
    ),
    "ten classes": (lambda: stack(circular(1, 4), outputs=10), ["'3' (Linear)", "10 outputs", "Linear(C, 1)"]),
    "hidden layer": (
        lambda: stack(circular(1, 4), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(4, 4)),
        ["'3' (Linear)", "4 outputs"],
    ),
    "relu after pooling": (
        lambda: nn.Sequential(circular(1, 4), nn.AdaptiveAvgPool1d(1), nn.ReLU()),
        ["'2' (ReLU) follows the pooling"],
    ),
    "no pooling": (
        lambda: nn.Sequential(circular(1, 4), nn.Flatten(), nn.Linear(64, 1)),
        ["'1' (Flatten)", "pool over all"],
    ),
    "no flattening": (
        lambda: nn.Sequential(circular(1, 1), nn.AdaptiveAvgPool1d(1), nn.Linear(1, 1)),
        ["'2' (Linear)", "flatten"],
    ),
    "head of another width": (lambda: stack(circular(1, 4), channels=5), ["'3' (Linear) reads 5 channels", "are 4"]),
    "no head": (lambda: nn.Sequential(circular(1, 4), nn.AdaptiveAvgPool1d(1)), ["returns pooled channels", "head"]),
    "maps": (lambda: nn.Sequential(circular(1, 4), nn.ReLU()), ["returns maps", "expected f_p alone"]),
    "pooled image": (lambda: nn.Sequential(nn.AdaptiveAvgPool1d(1), nn.Flatten()), ["pools the image itself"]),
    "two outputs": (lambda: Forward(lambda m, x: (m.head(m.conv(x).mean(-1)), 1)), ["returns tuple"]),
    "nan": (lambda: filled(math.nan), ["'0' (Conv1d) holds nan in its weight", "finite"]),
    "infinity": (lambda: filled(math.inf), ["'0' (Conv1d) holds inf in its weight"]),
    "complex": (lambda: nn.Conv1d(1, 1, 1, dtype=torch.complex64), ["'conv1d' holds its weight as complex64"]),
    "meta": (lambda: stack(nn.Conv1d(1, 4, 1, device="meta")), ["'0' (Conv1d) holds no values in its weight"]),
    "lazy": (lambda: stack(nn.LazyConv1d(4, 1)), ["'0' (LazyConv1d)"]),
    "hooks": (hooked, ["'0' (Conv1d) has hooks", "remove them"]),
    "patched": (patched, ["'1' (ReLU) has a forward of its own"]),
    "skip": (lambda: Forward(lambda m, x: m.head((x + m.conv(x)).mean(-1))), ["used 2 times", "no skip connection"]),
    "in place, then the old value": (lambda: Forward(in_place), ["'conv' (Conv1d) makes a value that is used 2 times"]),
    "branch on the image": (
        lambda: Forward(lambda m, x: x if x.sum() > 0 else -x),
        ["cannot be read by torch.fx", "branches"],
    ),
    "crash": (lambda: Forward(lambda m, x: 1 / 0), ["cannot be read", "ZeroDivisionError"]),
    "bias after relu": (
        lambda: Forward(lambda m, x: m.head((m.conv(x).relu() + 1).mean(-1))),
        ["'add' adds to maps", "bias"],
    ),
    "bias after pooling": (lambda: Forward(lambda m, x: m.head(m.conv(x).mean(-1) + 1)), ["'add' adds to the pooled"]),
    "factor a site": (
        lambda: Forward(lambda m, x: m.conv(x * torch.arange(16.0))),
        ["'mul' has its factor of shape (16,)"],
    ),
    "division by zero": (lambda: Forward(lambda m, x: m.conv(x) / 0), ["'truediv' divides by zero"]),
    "inverse": (lambda: Forward(lambda m, x: 1 / m.conv(x)), ["'truediv' divides by what depends on the image"]),
    "unknown operation": (
        lambda: Forward(lambda m, x: torch.fft.fft(x)),
        ["operation 'fft_fft' is not taken", "Conv1d"],
    ),
    "unknown method": (lambda: Forward(lambda m, x: x.cumsum(-1)), ["method 'cumsum' is not taken"]),
    "unknown arguments": (
        lambda: Forward(lambda m, x: torch.add(m.conv(x), 1, alpha=2)),
        ["'add' has arguments", "alpha"],
    ),
    "number of sites": (lambda: Forward(lambda m, x: m.conv(x) / x.shape[-1]), ["the number of sites"]),
    "batch": (lambda: Forward(lambda m, x: m.conv(x) / math.sqrt(4 * x.size(0))), ["'mul' cannot be computed"]),
    "slices": (lambda: Forward(lambda m, x: m.conv(x[..., 1:])), ["'getitem' takes a part", "CircularPad1d"]),
    "mean over the batch": (lambda: Forward(lambda m, x: m.conv(x).mean(0)), ["is a mean over axis 0"]),
    "noise": (lambda: Forward(lambda m, x: m.head(m.conv(x * torch.rand(1)).mean(-1))), ["draws random numbers"]),
    "python noise": (lambda: Forward(lambda m, x: m.conv(x * random.random())), ["draws random numbers or keeps"]),
    "new noise": (lambda: Forward(lambda m, x: m.conv(x * torch.full((), random.random()))), ["draws random numbers"]),
    "counted calls": (lambda: Forward(counted), ["is another one when it is read again", "keeps a state"]),
    "weight doubled in place": (lambda: Forward(doubled_in_place), ["Forward changes its own weights", ".eval()"]),
    "padding set later": (padded_later, ["'1' (Conv1d) pads by (1, 1) in mode 'zeros'"]),
    "a call of its own": (lambda: Doubled(stack(circular(1, 4))), ["(Doubled) has a __call__ of its own"]),
    "integers": (
        lambda: Forward(lambda m, x: m.head(m.conv(x).to(torch.int32).float().mean(-1))),
        ["method 'to' converts to torch.int32, which rounds"],
    ),
    "integers by keyword": (lambda: Forward(lambda m, x: m.conv(x.to(dtype=torch.int64))), ["converts to torch.int64"]),
    "integers by example": (
        lambda: Forward(lambda m, x: m.conv(x.type_as(torch.ones(1, dtype=torch.int16)))),
        ["method 'type_as' converts to torch.int16"],
    ),
    "weight of one axis": (functional(torch.ones(3)), ["'conv1d' has a weight of shape (3,)", "size)"]),
    "no channels": (functional(torch.ones(0, 1, 3)), ["'conv1d' has a weight of shape (0, 1, 3)"]),
    "groups that do not divide": (functional(torch.ones(3, 1, 1), groups=2), ["(3, 1, 1) for 2 groups"]),
    "no groups": (functional(torch.ones(1, 1, 1), groups=0), ["for 0 groups"]),
    "no dilation": (functional(torch.ones(1, 1, 1), dilation=0), ["dilation 0"]),
    "head of no axis": (read_by(torch.ones(())), ["'linear' has weights of shape (); expected (1, channels)"]),
    "head of three axes": (read_by(torch.ones(1, 4, 1)), ["'linear' has weights of shape (1, 4, 1)"]),
    "head with two biases": (read_by(torch.ones(1, 4), torch.ones(2)), ["of shape (1, 4) and (2,)"]),
    "matrix of numbers": (lambda: Forward(lambda m, x: m.conv(x).mean(-1) @ [1.0]), ["'matmul' is a matrix product"]),
    "padding of one side": (lambda: Forward(lambda m, x: m.conv(F.pad(x, 1, "circular"))), ["pads by (1,)"]),
    "square": (lambda: Forward(lambda m, x: m.conv(x * x)), ["'mul' joins two values"]),
    "filter by itself": (lambda: Forward(lambda m, x: F.conv1d(x, x)), ["'conv1d' joins two values"]),
    "module of two": (lambda: Forward(lambda m, x: m.conv(x, 1)), ["'conv' (Conv1d) takes more than one argument"]),
    "linear map of maps": (lambda: Forward(lambda m, x: F.linear(m.conv(x), m.head.weight)), ["'linear' is a linear"]),
    "matrix product of maps": (
        lambda: Forward(lambda m, x: m.conv(x) @ m.head.weight),
        ["'matmul' is a matrix product other"],
    ),
    "flattened batch": (
        lambda: Forward(lambda m, x: m.head(m.conv(x).mean(-1).flatten())),
        ["'flatten' mixes the batch", "start_dim=1"],
    ),
    "squeezed channels": (lambda: Forward(lambda m, x: m.conv(x).mean(-1).squeeze(0)), ["'squeeze' removes axis 0"]),
    "squeezed maps": (lambda: Forward(lambda m, x: m.conv(x).squeeze(-1)), ["'squeeze' removes an axis that is not"]),
    "view of maps": (lambda: Forward(lambda m, x: m.conv(x).view(x.size(0), -1)), ["'view' reshapes to", "batch size"]),
    "one more axis": (lambda: Forward(lambda m, x: m.conv(x).unsqueeze(0)), ["'unsqueeze' adds axis 0"]),
    "type of the image": (lambda: Forward(lambda m, x: m.conv(x.to(x.dtype))), ["'getattr' reads 'dtype'"]),
    "weights of the image": (
        lambda: Forward(lambda m, x: F.conv1d(torch.ones(1, 1, 1), x)),
        ["'conv1d' takes what depends"],
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_taken_is_refused_by_name(name: str) -> None:
    make, words = REFUSED[name]
    with pytest.raises(InputError) as caught:
        from_torch(make())
    message = str(caught.value)
    assert [word for word in words if word not in message] == [] and message.startswith("from_torch: ")
    assert "\n" not in message and len(message) < 400


def test_a_second_input_is_refused() -> None:
    class Two(nn.Module):
        def forward(self, x: Any, y: Any) -> Any:
            return x

    with pytest.raises(InputError, match="argument 'y' is a second input"):
        from_torch(Two())
