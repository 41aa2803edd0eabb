"""The graph of a module's forward, read without leaving a mark on the module."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from solver.errors import InputError


def forward_graph(module: Any) -> Any:
    """Return the ``torch.fx`` graph of a module's forward, which has to be the same twice.

    Raises
    ------
    InputError
        If torch.fx cannot read it, or reads something else the second time: it counts, or draws random numbers.
    """
    (first, constants), (second, others) = _traced(module), _traced(module)
    if _steps(first) != _steps(second) or not all(map(_same, constants, others)):
        raise InputError(
            f"from_torch: the forward of {type(module).__name__} is another one when it is read again: it draws "
            "random numbers or keeps a state; expected one that depends on the image alone"
        )
    return second


@contextmanager
def left_as_it_was(module: Any) -> Iterator[None]:
    """Undo what reading a forward changes in a module.

    Raises
    ------
    InputError
        If that were the entries of a weight or of a buffer, as then each call computes something else.
    """
    import torch

    parts = [(vars(each), each._parameters, each._buffers, each._modules) for each in module.modules()]
    tables = [table for part in parts for table in part if isinstance(table, dict)]
    kept = [(table, dict(table)) for table in tables]
    held = {id(v): v for table in tables for v in table.values() if isinstance(v, torch.Tensor) and _is_counted(v)}
    tensors = [(tensor, tensor.detach().clone(), tensor._version) for tensor in held.values()]
    try:
        yield
        if any(tensor._version != version for tensor, _, version in tensors):
            raise InputError(
                f"from_torch: the forward of {type(module).__name__} changes its own weights or buffers; call .eval() "
                "on the module first, or write a forward that keeps no state"
            )
    finally:
        for table, content in kept:
            table.clear()
            table.update(content)
        for tensor, content, version in tensors:
            if tensor._version != version:
                tensor.copy_(content)


def _traced(module: Any) -> tuple[Any, list[Any]]:
    """Return a graph and the constants in it."""
    from torch import fx

    try:
        graph = fx.Tracer().trace(module)
        return graph, [operator.attrgetter(node.target)(module) for node in graph.nodes if node.op == "get_attr"]
    except Exception as error:  # whatever the module's own code raises
        first = (str(error).splitlines() or [""])[0][:120]
        raise InputError(
            f"from_torch: the forward of {type(module).__name__} cannot be read by torch.fx "
            f"({type(error).__name__}: {first}); write it without branches and loops over the image's values"
        ) from None


def _steps(graph: Any) -> list[tuple[Any, ...]]:
    """Return the steps in terms that compare, constants aside."""
    from torch.fx.node import map_arg

    places = {node: f"step {n}" for n, node in enumerate(graph.nodes)}
    return [
        (
            node.op,
            None if node.op == "get_attr" else node.target,
            repr(map_arg((node.args, node.kwargs), places.__getitem__)),
        )
        for node in graph.nodes
    ]


def _same(one: Any, other: Any) -> bool:
    """Return whether two constants are equal, or hold no values that could be compared."""
    import torch

    try:
        return one is other or torch.equal(one, other)
    except (RuntimeError, NotImplementedError):
        return True


def _is_counted(tensor: Any) -> bool:
    """Return whether torch counts the changes of a tensor's entries."""
    from torch.nn.parameter import is_lazy

    return not is_lazy(tensor) and not tensor.is_inference()
