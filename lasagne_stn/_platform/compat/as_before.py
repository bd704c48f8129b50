"""Arrays made of Python numbers, as numpy 1.23 made them."""

from __future__ import annotations

import numpy as np

__all__ = ['whole_numbers', 'dtype_of']


def whole_numbers(values, dtype: np.dtype):
    """Return Python integers as an array, if they are to become integers of `dtype`.

    Up to numpy 1.23, ``np.asarray(300, 'int8')`` wrapped around to 44. Then it warned,
    and in numpy 2 it raises an OverflowError. Given an array of integers, the same call
    still wraps around. Integers beyond 64 bits raise an OverflowError in all versions.
    Arrays of Python objects, which ``np.frompyfunc`` makes, are treated alike.

    Examples
    --------
    >>> int(np.asarray(whole_numbers(300, np.dtype('int8')), 'int8'))
    44
    >>> whole_numbers([1.5], np.dtype('int8'))
    [1.5]
    >>> whole_numbers(np.array([-254, 3.7], object), np.dtype('int8')).tolist()
    [-254, 3]
    """
    if dtype.kind not in 'iu':
        return values
    if isinstance(values, (int, list, tuple)):
        array = np.asarray(values)
        return array if array.dtype.kind == 'i' else values
    if isinstance(values, np.ndarray) and values.dtype == object:
        try:
            return values.astype('int64')
        except OverflowError:  # it may be one of uint64
            return values
    return values


def dtype_of(dtype):
    """Return a dtype, or that of the variable or symbolic type given instead of one.

    numpy 1 read the attribute ``dtype`` of any object that was passed as a dtype.

    >>> dtype_of('float32')
    'float32'
    """
    inner = getattr(dtype, 'dtype', None)
    return inner if isinstance(inner, str) else dtype
