"""The forward of a torch module, read step by step as exact values, without leaving a mark on the module."""

from __future__ import annotations

import inspect
import operator
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from typing import Any

import torch
from torch import fx, nn
from torch.fx.node import map_arg
from torch.nn.parameter import is_lazy

from solver.errors import InputError
from solver.network.network import Network
from solver.network.torch import tables
from solver.network.torch.operations import read
from solver.network.torch.values import ONE, Traced, expect


def forward_network(module: Any) -> Network:
    """Return the network that a module's forward computes.

    Raises
    ------
    InputError
        For a forward that is no chain of layers on the ring, draws random numbers, keeps a state or cannot be read.
    """
    for path, each in module.named_modules():
        _check_plain(path, each)
    drawn = torch.random.get_rng_state()
    with torch.no_grad(), _left_as_it_was(module):
        network = _Walk(module).network()
    unchanged = torch.equal(drawn, torch.random.get_rng_state())
    expect(unchanged, "the forward draws random numbers; expected one that depends on the image alone")
    return network


def _check_plain(path: str, module: Any) -> None:
    hooks = module._forward_hooks or module._forward_pre_hooks
    called = type(module).__call__ is not nn.Module.__call__ and not isinstance(module, fx.GraphModule)
    what = "hooks" if hooks else "a __call__ of its own" if called else "a forward of its own"
    expect(
        not hooks and not called and "forward" not in vars(module),
        f"{_named(path, module)} has {what}, which cannot be read; remove them, or write what they do into the forward "
        "of a module",
    )


@contextmanager
def _left_as_it_was(module: Any) -> Iterator[None]:
    """Undo what reading a forward changes in a module; refuse one that changes entries of weights or buffers.

    A forward that changes entries computes something else in each call.
    """
    parts = [(vars(each), each._parameters, each._buffers, each._modules) for each in module.modules()]
    dicts = [each for part in parts for each in part if isinstance(each, dict)]
    kept = [(each, dict(each)) for each in dicts]
    held = {id(v): v for each in dicts for v in each.values() if isinstance(v, torch.Tensor) and _is_counted(v)}
    tensors = [(tensor, tensor.detach().clone(), tensor._version) for tensor in held.values()]
    try:
        yield
        expect(
            all(tensor._version == version for tensor, _, version in tensors),
            f"the forward of {type(module).__name__} changes its own weights or buffers; call .eval() on the module "
            "first, or write a forward that keeps no state",
        )
    finally:
        for each, content in kept:
            each.clear()
            each.update(content)
        for tensor, content, version in tensors:
            if tensor._version != version:
                tensor.copy_(content)


def _is_counted(tensor: Any) -> bool:
    """Return whether torch counts the changes of a tensor's entries."""
    return not is_lazy(tensor) and not tensor.is_inference()


class _Walk:
    """One walk through the graph of a module's forward, with an exact value for every step."""

    def __init__(self, module: Any) -> None:
        self.module = module
        self.modules = dict(module.named_modules())
        self.values: dict[Any, Any] = {}

    def network(self) -> Network:
        """Return the network that computes the output."""
        for node in _graph(self.module).nodes:
            try:
                self.values[node] = self._value(node)
                self._check_chain(node)
            except InputError as error:
                raise InputError(f"{self._place(node)} {error}") from None
        result = self.values[node]
        if isinstance(result, Traced) and result.stage == "pooled" and result.channels == 1:
            result = read(replace(result, kept=False), [ONE], Fraction(0))
        stage = result.stage if isinstance(result, Traced) else type(result).__name__
        shape = "pooled channels" if stage == "pooled" else stage
        expect(stage == "output", f"the module returns {shape}; expected f_p alone, from a head Linear(C, 1)")
        return Network(layers=result.layers, readout=result.gains, constant=result.constant, pooling=result.pooling)

    def _value(self, node: Any) -> Any:
        args, kwargs = map_arg((node.args, node.kwargs), self.values.__getitem__)
        if node.op == "placeholder":
            if all(each.op != "placeholder" for each in self.values):
                return Traced()
            expect(node.args, "is a second input; expected images alone, or a default for every other argument")
        if node.op in ("placeholder", "output"):
            return args[0]
        if node.op == "get_attr":
            return operator.attrgetter(node.target)(self.module)
        traced = any(map(self._is_traced, node.all_input_nodes))
        return (self._operation if traced else self._constant)(node, args, kwargs)

    def _constant(self, node: Any, args: Any, kwargs: Any) -> Any:
        """Return what torch makes of constants alone."""
        try:
            if node.op == "call_method":
                return getattr(args[0], node.target)(*args[1:], **kwargs)
            return (self.modules[node.target] if node.op == "call_module" else node.target)(*args, **kwargs)
        except Exception as error:  # whatever torch raises
            raise InputError(f"cannot be computed from the module alone: {_first_line(error)}") from None

    def _operation(self, node: Any, args: Any, kwargs: Any) -> Any:
        if node.op == "call_module":
            expect(len(args) == 1 and not kwargs, "takes more than one argument; expected maps alone")
            return tables.applied(self.modules[node.target], args[0])
        operation = tables.OPERATIONS.get(node.target)
        if operation is None:
            raise InputError(f"is not taken; {tables.advice(None)}")
        inputs: list[Any] = []
        map_arg((node.args, node.kwargs), inputs.append)
        alone = sum(map(self._is_traced, inputs)) == 1
        expect(alone, "joins two values that depend on the image; expected a chain of layers")
        if "input" in kwargs:
            args, kwargs = (kwargs["input"], *args), {key: kwargs[key] for key in kwargs if key != "input"}
        expect(
            args and (isinstance(args[0], Traced) or operation in tables.EITHER_ORDER),
            "takes what depends on the image in place of a weight; expected constant weights",
        )
        try:
            inspect.signature(operation).bind(*args, **kwargs)
        except TypeError as error:
            raise InputError(f"has arguments that are not taken ({error}); leave them out") from None
        return operation(*args, **kwargs)

    def _check_chain(self, node: Any) -> None:
        """Refuse a value that is used twice, which also keeps operations in place from changing what another reads."""
        users = [each for each in node.users if each.target not in ("size", "dim", getattr)]
        expect(
            len(users) <= 1 or not self._is_traced(node),
            f"makes a value that is used {len(users)} times; expected a chain of layers, with no skip connection",
        )

    def _is_traced(self, node: Any) -> bool:
        return isinstance(self.values[node], Traced)

    def _place(self, node: Any) -> str:
        if node.op == "call_module":
            return _named(node.target, self.modules[node.target])
        kind = {"call_function": "operation", "call_method": "method"}.get(node.op, "argument")
        return f"the {kind} {getattr(node.target, '__name__', node.target)!r}"


def _graph(module: Any) -> Any:
    """Return the graph of a module's forward, which has to be the same twice: else it counts, or draws numbers."""
    (first, constants), (second, others) = _traced(module), _traced(module)
    expect(
        _code(first) == _code(second) and all(map(_same, constants, others)),
        f"the forward of {type(module).__name__} is another one when it is read again: it draws random numbers or "
        "keeps a state; expected one that depends on the image alone",
    )
    return second


def _traced(module: Any) -> tuple[Any, list[Any]]:
    """Return a graph and the constants in it."""
    try:
        graph = fx.Tracer().trace(module)
        return graph, [operator.attrgetter(node.target)(module) for node in graph.nodes if node.op == "get_attr"]
    except Exception as error:  # whatever the module's own code raises
        raise InputError(
            f"the forward of {type(module).__name__} cannot be read by torch.fx ({type(error).__name__}: "
            f"{_first_line(error)[:120]}); write it without branches and loops over the image's values"
        ) from None


def _code(graph: Any) -> str:
    """Return the steps as code, in which constants have no names."""
    return re.sub(r"_tensor_constant\d+", "constant", graph.python_code("self").src)


def _same(one: Any, other: Any) -> bool:
    """Return whether two constants are equal, or hold no values that could be compared."""
    try:
        return one is other or torch.equal(one, other)
    except (RuntimeError, NotImplementedError):
        return True


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0]


def _named(path: str, module: Any) -> str:
    return f"{path!r} ({type(module).__name__})" if path else f"the module ({type(module).__name__})"
