"""Sums, differences, products and quotients in a forward: either order of operands, channels of mixed signs."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

from solver import activations, from_torch, response  # noqa: E402

LENGTH, CHANNELS = 8, 3
IMAGES = np.random.default_rng(3).integers(-3, 4, (6, LENGTH))
EIGHTHS = st.integers(-24, 24).map(lambda n: n / 8)
POWERS = st.sampled_from([-2.0, -1.0, -0.5, 0.5, 1.0, 2.0])
SMALL = st.sampled_from([-3.0, -1.5, -1.0, -0.5, 0.0, 0.5, 2.0, 3.0])
NUMBERS = {"add": EIGHTHS, "sub": EIGHTHS, "mul": SMALL, "truediv": POWERS}
"""Few bits each: what is exact in float64 has 53."""
Step = tuple[str, str, bool, Any]
"""What is done, as an operator or a function of torch, whether the constant is the first operand, and the constant."""

FORMS = {
    "add": (operator.add, torch.add),
    "sub": (operator.sub, torch.sub),
    "mul": (operator.mul, torch.mul),
    "truediv": (operator.truediv, torch.div),
}


@st.composite
def steps(draw: Any, names: tuple[str, ...], shape: tuple[int, ...]) -> Step:
    """A step with a number, or with one number a channel, some above and some below 0."""
    name = draw(st.sampled_from(names))
    numbers = NUMBERS[name]
    many = shape and draw(st.booleans())
    constant = draw(st.tuples(*[numbers] * CHANNELS)) if many else draw(numbers)
    first = name != "truediv" and draw(st.booleans())
    form = draw(st.sampled_from(["operator", "function"] if many or not first else ["operator"]))
    return name, form, first, torch.tensor(constant, dtype=torch.float64).view(shape) if many else constant


def applied(step: Step, x: Any) -> Any:
    name, form, first, constant = step
    function = FORMS[name][form == "function"]
    return function(constant, x) if first else function(x, constant)


class Arithmetic(nn.Module):
    """Two convolutions, an activation after each, and steps between, before and behind."""

    def __init__(self, plan: dict[str, list[Step]], activation: str, weights: Any) -> None:
        super().__init__()
        self.plan, self.activation = plan, activation
        self.first, self.second, self.head = (nn.Parameter(w) for w in weights)

    def forward(self, x: Any) -> Any:
        rectify = {"relu": F.relu, "hardtanh": F.hardtanh}[self.activation]
        for place, weight in (("first", self.first), ("second", self.second)):
            x = F.conv1d(F.pad(x, (1, 1), mode="circular"), weight)
            for step in self.plan[f"before {place}"]:
                x = applied(step, x)
            x = rectify(x)
            for step in self.plan[f"after {place}"]:
                x = applied(step, x)
        x = x.mean(-1)
        for step in self.plan["pooled"]:
            x = applied(step, x)
        x = (x @ self.head)[:, 0]
        for step in self.plan["output"]:
            x = applied(step, x)
        return x


MAPS, FACTORS = (CHANNELS, 1), ("mul", "truediv")
PLANS = st.fixed_dictionaries(
    {
        **{f"before {place}": st.lists(steps(tuple(FORMS), MAPS), max_size=3) for place in ("first", "second")},
        **{f"after {place}": st.lists(steps(FACTORS, MAPS), max_size=1) for place in ("first", "second")},
        "pooled": st.lists(steps(FACTORS, (CHANNELS,)), max_size=1),
        "output": st.lists(steps(tuple(FORMS), ()), max_size=2),
    }
)


def weights(seed: int) -> list[Any]:
    random = np.random.default_rng(seed)
    shapes = ((CHANNELS, 1, 3), (CHANNELS, CHANNELS, 3), (CHANNELS, 1))
    return [torch.from_numpy(random.integers(-4, 5, shape) / 4.0) for shape in shapes]


@settings(deadline=None)
@given(PLANS, st.sampled_from(["relu", "hardtanh"]), st.integers(0, 10**6))
def test_arithmetic_in_either_order_is_the_modules(plan: dict[str, list[Step]], activation: str, seed: int) -> None:
    """All numbers are dyadic, so that float64 is exact, and equality is meant."""
    module = Arithmetic(plan, activation, weights(seed)).eval()
    with torch.no_grad():
        theirs = module(torch.from_numpy(IMAGES).double()[:, None])
    ours = torch.from_numpy(np.array(response(from_torch(module), IMAGES), dtype=object).astype(float))
    assert torch.equal(ours, theirs)


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("name", ["add", "sub", "mul"])
def test_each_operator_in_each_order_acts_on_the_maps(name: str, first: bool) -> None:
    """One step with channels of both signs, seen in the maps that it changes."""
    constant = torch.tensor([[1.5], [-0.75], [-2.0]], dtype=torch.float64)
    plan: dict[str, list[Step]] = {f"{a} {b}": [] for a in ("before", "after") for b in ("first", "second")}
    plan |= {"before first": [(name, "operator", first, constant)], "pooled": [], "output": []}
    module = Arithmetic(plan, "relu", weights(5)).eval()
    x = F.conv1d(F.pad(torch.from_numpy(IMAGES).double()[:, None], (1, 1), mode="circular"), module.first)
    expected = F.relu(FORMS[name][0](constant, x) if first else FORMS[name][0](x, constant)).detach()
    found = activations(from_torch(module), IMAGES)[1].exact()
    assert torch.equal(torch.from_numpy(np.array(found, dtype=object).astype(float)), expected)
    assert (expected[:, 0] > 0).any() and (expected[:, 1:] > 0).any()
