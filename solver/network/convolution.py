"""Periodic cross-correlation over any number of spatial axes, as one matrix product: exact, or in float64 if asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import partial
from math import prod
from typing import Any

import numpy as np

from solver.errors import InputError
from solver.numbers.exact import common_denominator

FLOAT_LIMIT = 2**53
"""Below it every integer is a float64."""
INT64_LIMIT = 2**62
"""Integers below it stay int64; differences of two of them fit as well."""

_ENTRIES = 2**22
_SPARSE = 8


def correlation(
    a: np.ndarray, filters: Any, bias: Any, *, stride: int | Sequence[int] = 1, origin: int | Sequence[int] = 0
) -> np.ndarray:
    """Return z(c, p) = sum_i sum_j filters(c, i, j) a(i, p stride + j - origin) + bias(c), sites taken periodically.

    Parameters
    ----------
    a : array of shape (..., inputs, *sites)
        float64, integers (int64 or Python's), or exact numbers.
    filters : array or nested sequence of shape (channels, inputs, *sizes)
        As many sizes as there are spatial axes.
    bias : sequence of numbers, one per channel
    stride, origin : int, or one per spatial axis

    Raises
    ------
    InputError
        If a filter is longer than an axis or a stride does not divide one.

    Returns
    -------
    array of shape (..., channels, *(sites / stride))
        Of the type that `product` gives.

    Examples
    --------
    >>> correlation(np.array([[1, 0, 2, 0]]), [[[1, 10]]], [5]).tolist()
    [[6, 25, 7, 15]]
    """
    w = np.array(filters, dtype=a.dtype if a.dtype.kind == "f" else object)
    axes = w.ndim - 2
    batch = a.reshape(-1, *a.shape[-axes - 1 :])
    matrix = np.concatenate([w.reshape(len(w), -1), np.array(bias, dtype=w.dtype)[:, None]], axis=1)
    read = partial(_columns, sizes=w.shape[2:], strides=_each(stride, axes), origins=_each(origin, axes))
    parts = [_correlated(chunk, matrix, read) for chunk in _chunks(batch, prod(w.shape[2:]))]
    z = parts[0] if len(parts) == 1 else np.concatenate(parts)
    return z.reshape(*a.shape[: -axes - 1], *z.shape[1:])


def product(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the matrix product left @ right of (m, k) and (..., k, n): in float64 if ``right`` is, else exactly.

    Integers are multiplied in float64 where sum |left| max |right| < 2^53 holds for every row, since then every
    partial sum, in whatever order, is an integer that float64 holds; in int64 below 2^62; and beyond by
    the multimodular product of FLINT.  Fractions are brought to a common denominator.  Other exact numbers, and rows
    that are mostly zero, are added up entry by entry.

    Returns
    -------
    array
        float64; int64 where a bound proves that integers fit, else an object array of int; or one of exact numbers.

    Examples
    --------
    >>> product(np.array([[2**70, 1]], dtype=object), np.array([[2**70], [1]], dtype=object)).item() == 2**140 + 1
    True
    """
    if right.dtype.kind == "f":
        return _sparse_product(left, right) if _mostly_zero(left) else left.astype(float) @ right
    if _are(left, int) and _are(right, int):
        return _integer_product(left, right)
    rational = _are(left, (int, Fraction)) and _are(right, (int, Fraction))
    if rational and not _mostly_zero(left):
        (p, m), (q, n) = as_integers(left), as_integers(right)
        return np.frompyfunc(lambda v: Fraction(v, m * n), 1, 1)(_integer_product(p, q).astype(object))
    return _sparse_product(left.astype(object), right.astype(object))


def _integer_product(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    if not (left.size and right.size):
        return np.zeros((*right.shape[:-2], len(left), right.shape[-1]), dtype=np.int64)
    kind = number_type(left, right)
    if _mostly_zero(left):
        exact = object if kind is object else np.int64
        return _sparse_product(left.astype(exact), right.astype(exact))
    if kind is object:
        return _flint_product(left, right)
    return (left.astype(kind) @ right.astype(kind)).astype(np.int64)


def number_type(left: np.ndarray, right: np.ndarray) -> type:
    """Return the type in which a product of integers is exact whatever the order: float64, int64, or object for any.

    Decided by a bound on every partial sum, sum |left| over a row times max |right|, below 2^53 or 2^62.
    """
    bound = max(largest(left, rows=True), 1) * max(largest(right), 1)
    if max(bound, largest(left)) >= INT64_LIMIT:
        return object
    return np.float64 if bound < FLOAT_LIMIT else np.int64


def _flint_product(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    from flint import fmpz_mat

    columns = np.moveaxis(right, -2, 0)
    flat = columns.reshape(len(columns), -1)
    p, q = (fmpz_mat(*m.shape, m.ravel().tolist()) for m in (left, flat))
    entries = np.fromiter(map(int, (p * q).entries()), dtype=object, count=len(left) * flat.shape[1])
    return np.moveaxis(entries.reshape(len(left), *columns.shape[1:]), 0, -2)


def _sparse_product(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return left @ right, adding up the entries of ``left`` that are not zero."""
    zero = np.zeros((*right.shape[:-2], right.shape[-1]), dtype=right.dtype)
    rows = []
    for weights in left:
        total = zero
        for n in np.flatnonzero(weights != 0):
            w = weights[n]
            row = right[..., n, :]
            total = total + (row if w == 1 else w * row)
        rows.append(total)
    return np.stack(rows, axis=-2)


def largest(values: np.ndarray, *, rows: bool = False) -> int:
    """Return the largest |v| of an integer array, or of sum |v| over a row, as an exact int."""
    if rows:
        return int(np.abs(values.astype(object)).sum(axis=1).max())
    return max(abs(int(values.max())), abs(int(values.min())))


def _mostly_zero(matrix: np.ndarray) -> bool:
    return bool(_SPARSE * np.count_nonzero(matrix != 0) <= matrix.size)


def _are(values: np.ndarray, kind: Any) -> bool:
    return values.dtype.kind in "iu" or all(isinstance(v, kind) for v in values.flat)


def as_integers(values: np.ndarray) -> tuple[np.ndarray, int]:
    """Return rationals times their common denominator, and that."""
    denominator = common_denominator(values.flat)
    whole = np.frompyfunc(lambda v: v.numerator * (denominator // v.denominator), 1, 1)
    return whole(values), denominator


def _correlated(batch: np.ndarray, matrix: np.ndarray, read: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    columns = read(batch)
    z = product(matrix, columns.reshape(*columns.shape[:2], -1))
    return z.reshape(len(batch), len(matrix), *columns.shape[2:])


def _columns(batch: np.ndarray, *, sizes: Sequence[int], strides: Sequence[int], origins: Sequence[int]) -> np.ndarray:
    """Return what the taps read at every output, of shape (batch, inputs * taps + 1, *outputs).

    The last row is 1, which the bias is the weight of.
    """
    sites = batch.shape[2:]
    for length, size, stride in zip(sites, sizes, strides, strict=True):
        if size > length:
            raise InputError(f"filter size {size} exceeds the {length} sites of the layer's input")
        if length % stride:
            raise InputError(f"stride {stride} does not divide the {length} sites of the layer's input")
    pads = [(origin, size - 1 - origin) for size, origin in zip(sizes, origins, strict=True)]
    padded = np.pad(batch, [(0, 0), (0, 0), *pads], mode="wrap")
    n, inputs, taps = *batch.shape[:2], prod(sizes)
    columns = np.empty((n, inputs * taps + 1, *(s // t for s, t in zip(sites, strides, strict=True))), batch.dtype)
    columns[:, -1] = 1
    for number, tap in enumerate(np.ndindex(*sizes)):
        view = tuple(slice(j, j + s, t) for j, s, t in zip(tap, sites, strides, strict=True))
        columns[:, number:-1:taps] = padded[(slice(None), slice(None), *view)]
    return columns


def _each(value: int | Sequence[int], axes: int) -> Sequence[int]:
    return (value,) * axes if isinstance(value, int) else value


def _chunks(batch: np.ndarray, taps: int) -> Iterator[np.ndarray]:
    """Yield parts of a batch whose columns take some ten megabytes."""
    each = max(1, _ENTRIES // max(1, taps * prod(batch.shape[1:])))
    for start in range(0, max(1, len(batch)), each):
        yield batch[start : start + each]
