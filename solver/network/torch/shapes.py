"""What torch operations that only change shapes do to the exact values of `solver.network.torch.values`."""

from __future__ import annotations

from typing import Any

from solver.errors import InputError
from solver.network.torch.values import Maps, Output, Pooled


def flatten(x: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    """Return pooled channels without their axis of one site."""
    if isinstance(x, Maps):
        raise InputError("flattens maps before they are pooled, which tells sites apart; pool over all sites first")
    if isinstance(x, Pooled) and start_dim == 1 and end_dim in (-1, x.rank - 1):
        return x.without_sites()
    if isinstance(x, Output) and (start_dim == 0 or not x.column):
        return x.without_column()
    if isinstance(x, Output) and start_dim == 1:
        return x
    raise InputError("mixes the batch with channels; expected start_dim=1")


def squeeze(x: Any, dim: int | None = None) -> Any:
    """Return a value without its last axis, of length 1."""
    if dim is not None and dim not in (-1, x.rank - 1):
        raise InputError(f"removes axis {dim}; expected the last, -1")
    if isinstance(x, Pooled) and x.kept:
        return x.without_sites()
    if isinstance(x, Output):
        return x.without_column()
    raise InputError("removes an axis that is not of length 1; pool over all sites first")


def reshape(x: Any, *shape: Any) -> Any:
    """Return pooled channels as (batch, channels), or the output as (batch,)."""
    sizes = shape[0] if len(shape) == 1 and isinstance(shape[0], tuple | list) else shape
    if isinstance(x, Output) and len(sizes) == 1:
        return x.without_column()
    known = isinstance(x, Pooled) and len(sizes) == 2 and sizes[1] in (-1, x.channels)
    if known and (sizes[0] == BATCH or sizes[1] != -1):
        return x.without_sites()
    raise InputError(f"reshapes to {tuple(map(str, sizes))}; expected (x.shape[0], -1) after pooling over all sites")


def item(x: Any, index: Any) -> Any:
    """Return the only site of pooled channels, the only column of the output, or an image with a channel axis."""
    parts = index if isinstance(index, tuple) else (index,)
    parts = tuple(_part(part) for part in parts)
    if set(parts) <= {"all", "rest"}:
        return x
    if isinstance(x, Output) and x.column and parts in (("all", 0), ("all", -1), ("rest", 0), ("rest", -1)):
        return x.without_column()
    if isinstance(x, Pooled) and x.kept and parts in (("all", "all", 0), ("rest", 0), ("all", "all", -1), ("rest", -1)):
        return x.without_sites()
    if x == Maps() and parts in (("all", None), ("all", None, "all")):
        return x
    raise InputError(
        "takes a part of its input; expected whole maps (pad with CircularPad1d), or the one column of a head"
    )


def unsqueeze(x: Any, dim: int) -> Any:
    """Return images with a channel axis."""
    if x == Maps() and dim in (1, -2):
        return x
    raise InputError(f"adds axis {dim}; expected a channel axis, 1, for the images only")


def size(x: Any, dim: int | None = None) -> Any:
    """Return the shape, or one of its entries."""
    return shape_of(x) if dim is None else shape_of(x)[dim]


def attribute(x: Any, name: str) -> Any:
    """Return the shape of a value."""
    if name == "shape":
        return shape_of(x)
    raise InputError(f"reads {name!r} of a value that depends on the image; expected 'shape'")


def shape_of(x: Any) -> Any:
    """Return what is known of a value's shape: the number of channels."""
    sizes = [BATCH, x.channels, SITES_UNKNOWN] if isinstance(x, Maps) else [BATCH, x.channels, 1]
    return tuple(sizes[: x.rank])


class Unknown:
    """A size that the module alone does not fix."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


BATCH, SITES_UNKNOWN = Unknown("the batch size"), Unknown("the number of sites")


def _part(index: Any) -> Any:
    """Return one index in words that compare: all, rest, a number, a new axis, or some."""
    if isinstance(index, slice):
        return "all" if index == slice(None) else "some"
    if index is Ellipsis:
        return "rest"
    return index if index is None or isinstance(index, int) else "some"
