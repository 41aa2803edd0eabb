"""The matrix product of exact numbers: integers in the fastest type that holds every partial sum."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np

from solver.numbers.exact import Rational

FLOAT_LIMIT = 2**53
"""Below it every integer is a float64."""
INT64_LIMIT = 2**62
"""Integers below it stay int64; differences of two of them fit as well."""

_SPARSE = 8


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
    sparse = bool(_SPARSE * np.count_nonzero(left != 0) <= left.size)
    if right.dtype.kind == "f":
        return _sparse_product(left, right) if sparse else left.astype(float) @ right
    if _are(left, int) and _are(right, int):
        return _integer_product(left, right, sparse)
    if sparse or not (_are(left, (int, Fraction)) and _are(right, (int, Fraction))):
        return _sparse_product(left.astype(object), right.astype(object))
    (p, m), (q, n) = as_integers(left), as_integers(right)
    return np.frompyfunc(lambda v: Fraction(v, m * n), 1, 1)(_integer_product(p, q, False).astype(object))


def common_denominator(values: Iterable[Rational]) -> int:
    """Return the least common denominator of rationals (1 for none)."""
    return lcm(*{v.denominator for v in values})


def number_type(left: np.ndarray, right: np.ndarray) -> type:
    """Return the type in which a product of integers is exact whatever the order: float64, int64, or object for any.

    Decided by a bound on every partial sum, sum |left| over a row times max |right|, below 2^53 or 2^62.
    """
    bound = max(int(np.abs(left.astype(object)).sum(axis=1).max()), 1) * max(largest(right), 1)
    if max(bound, largest(left)) >= INT64_LIMIT:
        return object
    return np.float64 if bound < FLOAT_LIMIT else np.int64


def largest(values: np.ndarray) -> int:
    """Return the largest |v| of an integer array, as an exact int."""
    return max(abs(int(values.max())), abs(int(values.min())))


def as_integers(values: np.ndarray, denominator: int = 0) -> tuple[np.ndarray, int]:
    """Return rationals times their common denominator, or times a multiple of it that is given, and that."""
    multiple = denominator or common_denominator(values.flat)
    return np.frompyfunc(lambda v: v.numerator * (multiple // v.denominator), 1, 1)(values), multiple


def _integer_product(left: np.ndarray, right: np.ndarray, sparse: bool) -> np.ndarray:
    if not (left.size and right.size):
        return np.zeros((*right.shape[:-2], len(left), right.shape[-1]), dtype=np.int64)
    kind = number_type(left, right)
    if sparse:
        exact = object if kind is object else np.int64
        return _sparse_product(left.astype(exact), right.astype(exact))
    if kind is object:
        return _flint_product(left, right)
    return (left.astype(kind) @ right.astype(kind)).astype(np.int64)


def _flint_product(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    from flint import fmpz_mat

    columns = np.moveaxis(right, -2, 0)
    flat = columns.reshape(len(columns), -1)
    p, q = (fmpz_mat(*m.shape, m.ravel().tolist()) for m in (left, flat))
    entries = np.fromiter(map(int, (p * q).entries()), dtype=object, count=len(left) * flat.shape[1])
    return np.moveaxis(entries.reshape(len(left), *columns.shape[1:]), 0, -2)


def _sparse_product(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return left @ right, adding up the entries of ``left`` that are not zero."""
    rows = []
    for weights in left:
        total = np.zeros((*right.shape[:-2], right.shape[-1]), dtype=right.dtype)
        for n in np.flatnonzero(weights != 0):
            total = total + (right[..., n, :] if weights[n] == 1 else weights[n] * right[..., n, :])
        rows.append(total)
    return np.stack(rows, axis=-2)


def _are(values: np.ndarray, kind: Any) -> bool:
    return values.dtype.kind in "iu" or all(isinstance(v, kind) for v in values.flat)
