"""Import from PyTorch: a trained module as an exact network, every float the dyadic rational that it is."""

from __future__ import annotations

import inspect
import operator
from fractions import Fraction
from typing import Any

from solver.errors import InputError, MissingDependencyError
from solver.network.network import Network


def from_torch(module: Any, *, name: str | None = None) -> Network:
    """Return a torch module that maps images (batch, 1, l) to f_p as a `Network` of exactly the same weights.

    The module's forward is read by ``torch.fx`` and must be a chain: circular Conv1d (any stride, dilation, groups),
    ReLU, Hardtanh with limits -c and c, or no activation, factors such as 1/sqrt(H) anywhere, the mean or sum over all
    sites, and a linear head with one output.  Functions (F.conv1d, x.mean(-1), ...) are taken as the modules are.

    Parameters
    ----------
    module : torch.nn.Module
        In eval mode, if it drops channels in training mode.
    name : str
        The network's name; the module's class if omitted.

    Raises
    ------
    InputError
        For anything else, by name, with what to do; for weights that are infinite or not a number.
    MissingDependencyError
        If torch is not installed.

    Notes
    -----
    The network is the module in exact arithmetic: no rounding of activations, and a factor is the float it is, so
    ``x / math.sqrt(3)`` divides by the float nearest to sqrt(3).  What the module computes from its weights alone, such
    as ``self.w / 3``, is taken as the floats that torch makes of it.
    """
    try:
        import torch
    except ImportError:
        raise MissingDependencyError("from_torch needs PyTorch: pip install 'adaptive-pooling-solver[torch]'") from None
    if not isinstance(module, torch.nn.Module):
        raise InputError(f"from_torch: expected a torch.nn.Module, got {type(module).__name__}")
    module = getattr(module, "_orig_mod", module)
    drawn = torch.random.get_rng_state()
    with torch.no_grad():
        output = _Reading(module).output()
    if not torch.equal(drawn, torch.random.get_rng_state()):
        raise InputError("from_torch: the forward draws random numbers; expected one that depends on the image alone")
    return output.network(type(module).__name__ if name is None else name)


class _Reading:
    """One walk through the graph of a module's forward, with an exact value for every step."""

    def __init__(self, module: Any) -> None:
        self.module = module
        self.modules = dict(module.named_modules())
        self.values: dict[Any, Any] = {}

    def output(self) -> Any:
        """Return the output f_p."""
        from solver.network.torch.graph import left_as_it_was

        for path, each in self.modules.items():
            _check_plain(path, each)
        with left_as_it_was(self.module):
            return self._read()

    def _read(self) -> Any:
        from solver.network.torch.graph import forward_graph
        from solver.network.torch.values import Maps, Output, Pooled

        for node in forward_graph(self.module).nodes:
            try:
                self.values[node] = self._value(node)
                self._check_chain(node)
            except InputError as error:
                raise InputError(f"from_torch: {self._place(node)} {error}") from None
        result = self.values[node]
        if isinstance(result, Pooled) and result.channels == 1:
            result = result.without_sites().read([Fraction(1)], Fraction(0), column=False)
        if not isinstance(result, Output):
            shape = {Maps: "maps", Pooled: "pooled channels"}.get(type(result), type(result).__name__)
            raise InputError(f"from_torch: the module returns {shape}; expected f_p alone, from a head Linear(C, 1)")
        return result

    def _value(self, node: Any) -> Any:
        from torch.fx.node import map_arg

        args, kwargs = map_arg((node.args, node.kwargs), self.values.__getitem__)
        if node.op == "placeholder":
            return self._image(node)
        if node.op == "output":
            return args[0]
        if node.op == "get_attr":
            return operator.attrgetter(node.target)(self.module)
        traced = any(self._is_traced(each) for each in node.all_input_nodes)
        return (self._operation if traced else self._constant)(node, args, kwargs)

    def _image(self, node: Any) -> Any:
        from solver.network.torch.values import Maps

        if all(each.op != "placeholder" for each in self.values):
            return Maps()
        if not node.args:
            raise InputError("is a second input; expected images alone, or a default for every other argument")
        return node.args[0]

    def _constant(self, node: Any, args: Any, kwargs: Any) -> Any:
        """Return what torch makes of constants alone."""
        if node.op == "call_module":
            run = self.modules[node.target]
        else:
            run = node.target if node.op == "call_function" else operator.methodcaller(node.target, *args[1:], **kwargs)
        try:
            return run(args[0]) if node.op == "call_method" else run(*args, **kwargs)
        except Exception as error:  # whatever torch raises
            raise InputError(
                f"cannot be computed from the module alone: {(str(error).splitlines() or [''])[0]}"
            ) from None

    def _operation(self, node: Any, args: Any, kwargs: Any) -> Any:
        from torch.fx.node import map_arg

        from solver.network.torch import tables
        from solver.network.torch.values import Traced

        if node.op == "call_module":
            if len(args) != 1 or kwargs:
                raise InputError("takes more than one argument; expected maps alone")
            return tables.applied(self.modules[node.target], args[0])
        table: dict[Any, Any] = tables.FUNCTIONS if node.op == "call_function" else tables.METHODS
        operation = table.get(node.target)
        if operation is None:
            raise InputError(f"is not taken; {tables.advice(None)}")
        inputs: list[Any] = []
        map_arg((node.args, node.kwargs), inputs.append)
        if sum(map(self._is_traced, inputs)) > 1:
            raise InputError("joins two values that depend on the image; expected a chain of layers")
        if "input" in kwargs:
            args, kwargs = (kwargs["input"], *args), {key: kwargs[key] for key in kwargs if key != "input"}
        if not args or not (isinstance(args[0], Traced) or operation in tables.EITHER_ORDER):
            raise InputError("takes what depends on the image in place of a weight; expected constant weights")
        try:
            inspect.signature(operation).bind(*args, **kwargs)
        except TypeError as error:
            raise InputError(f"has arguments that are not taken ({error}); leave them out") from None
        return operation(*args, **kwargs)

    def _check_chain(self, node: Any) -> None:
        """Refuse a value that is used twice, which also keeps operations in place from changing what another reads."""
        users = [each for each in node.users if each.target not in ("size", "dim", getattr)]
        if self._is_traced(node) and len(users) > 1:
            raise InputError(
                f"makes a value that is used {len(users)} times; expected a chain of layers, with no skip connection"
            )

    def _is_traced(self, node: Any) -> bool:
        from solver.network.torch.values import Traced

        return isinstance(self.values[node], Traced)

    def _place(self, node: Any) -> str:
        if node.op == "call_module":
            return _named(node.target, self.modules[node.target])
        kind = {"call_function": "operation", "call_method": "method"}.get(node.op, "argument")
        return f"the {kind} {getattr(node.target, '__name__', node.target)!r}"


def _check_plain(path: str, module: Any) -> None:
    from torch import fx, nn

    hooks = module._forward_hooks or module._forward_pre_hooks
    called = type(module).__call__ is not nn.Module.__call__ and not isinstance(module, fx.GraphModule)
    if hooks or called or "forward" in vars(module):
        what = "hooks" if hooks else "a __call__ of its own" if called else "a forward of its own"
        raise InputError(
            f"from_torch: {_named(path, module)} has {what}, which cannot be read; remove them, or write what they "
            "do into the forward of a module"
        )


def _named(path: str, module: Any) -> str:
    return f"{path!r} ({type(module).__name__})" if path else f"the module ({type(module).__name__})"
