"""Checks of arguments, with one form of error message.

An error says which object found it, which argument is wrong, what it must be, what was
given, and what to do about it. All checks begin with the same two parameters:

owner : str or object
    The function or object whose argument is checked, see :func:`owner_name`.
argument : str
    The name of the argument.
"""

from __future__ import annotations

import difflib
import numbers
from typing import Any, Iterable, Mapping, Sequence

import numpy as np

__all__ = [
    'owner_name',
    'argument_error',
    'shape',
    'choice',
    'positive_pair',
    'size',
    'flag',
    'number',
    'keywords',
]


def owner_name(owner: object) -> str:
    """Return how error messages name a function or object.

    Parameters
    ----------
    owner : str or object
        The name of a function, or an object; its ``name`` is shown if it has one.

    Returns
    -------
    str

    Examples
    --------
    >>> owner_name('sample')
    'sample'
    """
    if isinstance(owner, str):
        return owner
    name = getattr(owner, 'name', None)
    kind = type(owner).__name__
    return "%s '%s'" % (kind, name) if name else kind


def argument_error(
    owner: object,
    argument: str,
    must: str,
    got: object,
    advice: str = '',
    error: type[Exception] = ValueError,
) -> Exception:
    """Return the exception for a bad argument; the caller raises it.

    Parameters
    ----------
    must : str
        What the argument must be, continuing "ARGUMENT must ".
    got : object
        The value that was given; its ``repr`` is shown.
    advice : str, optional
        What to do, on a separate line.
    error : type, optional
        Class of the exception.

    Returns
    -------
    Exception

    Examples
    --------
    >>> print(argument_error('warp', 'factor', 'be positive', -1))
    warp: factor must be positive, got -1.
    """
    message = '%s: %s must %s, got %r.' % (owner_name(owner), argument, must, got)
    return error(message + ('\n' + advice if advice else ''))


def shape(
    owner: object,
    argument: str,
    given: Sequence[int | None],
    axes: Sequence[str | int],
    advice: str = '',
) -> None:
    """Check the rank and the fixed sizes of a shape.

    Parameters
    ----------
    given : tuple of int or None
        The shape; None stands for a size that is not known yet.
    axes : tuple of str or int
        A name for each free axis, a number for each axis of a fixed size.
    advice : str, optional
        What to do.

    Raises
    ------
    ValueError
        If the rank or a size differs, or a size is below 1 (an empty batch is allowed).

    Examples
    --------
    >>> shape('warp', 'theta', (None, 5), ('batch', 6))
    Traceback (most recent call last):
        ...
    ValueError: warp: theta must have shape (batch, 6), got (None, 5).
    """
    fits = len(given) == len(axes) and all(
        size is None
        or size == axis
        or (isinstance(axis, str) and size >= (axis != 'batch'))
        for size, axis in zip(given, axes)
    )
    if not fits:
        wanted = str(tuple(axes)).replace("'", '')
        raise argument_error(owner, argument, 'have shape ' + wanted, given, advice)


def choice(owner: object, argument: str, value: object, choices: Sequence[str]) -> None:
    """Check that a value is one of several names.

    Parameters
    ----------
    value : object
    choices : sequence of str
        The known names.

    Raises
    ------
    ValueError
        If it is not; the message shows the nearest known name.

    Examples
    --------
    >>> choice('sample', 'border_mode', 'miror', ['nearest', 'mirror'])
    Traceback (most recent call last):
        ...
    ValueError: sample: border_mode must be one of 'nearest', 'mirror', got 'miror'.
    Did you mean 'mirror'?
    """
    if not (isinstance(value, str) and value in choices):
        near = difflib.get_close_matches(str(value), choices, n=1)
        names = ', '.join(repr(name) for name in choices)
        advice = 'Did you mean %r?' % near[0] if near else ''
        raise argument_error(owner, argument, 'be one of ' + names, value, advice)


def positive_pair(
    owner: object, argument: str, value: Any, count: int = 2
) -> tuple[float, ...]:
    """Return a positive number, or one for each axis, as a tuple.

    Parameters
    ----------
    value : float or sequence of float
        One number for all axes, or `count` numbers.
    count : int, optional
        Number of image axes.

    Raises
    ------
    TypeError, ValueError
        If `value` is not made of numbers, or one is not positive and finite.

    Examples
    --------
    >>> positive_pair('warp', 'downsample_factor', 2)
    (2, 2)
    """
    values = (value,) * count if np.ndim(value) == 0 else tuple(value)
    must = 'be a positive number or %d of them' % count
    if not all(
        isinstance(one, numbers.Real) and not isinstance(one, bool) for one in values
    ):
        raise argument_error(owner, argument, must, value, error=TypeError)
    if len(values) != count or not all(0 < one < float('inf') for one in values):
        raise argument_error(owner, argument, must, value)
    return values


def size(
    owner: object, argument: str, value: Any, axes: Sequence[str]
) -> tuple[int, ...]:
    """Return sizes in pixels, an integer of at least 1 for each image axis.

    Parameters
    ----------
    value : sequence of int
    axes : tuple of str
        The names of the axes.

    Raises
    ------
    TypeError, ValueError
        If `value` is something else.

    Examples
    --------
    >>> size('warp', 'output_size', [20, 30], ('rows', 'columns'))
    (20, 30)
    """
    must = 'be (%s) in pixels, each at least 1' % ', '.join(axes)
    if (
        isinstance(value, str)
        or np.ndim(value) == 0
        or not all(
            isinstance(one, numbers.Integral) and not isinstance(one, bool)
            for one in value
        )
    ):
        raise argument_error(owner, argument, must, value, error=TypeError)
    if len(value) != len(axes) or min(value) < 1:
        raise argument_error(owner, argument, must, value)
    return tuple(int(one) for one in value)


def flag(owner: object, argument: str, value: object) -> bool:
    """Return a value that must be True or False.

    Raises
    ------
    TypeError
        If `value` is something else.
    """
    if not isinstance(value, (bool, np.bool_)):
        raise argument_error(
            owner, argument, 'be True or False', value, error=TypeError
        )
    return bool(value)


def number(owner: object, argument: str, value: Any) -> float:
    """Return a value that must be a finite number.

    Raises
    ------
    TypeError, ValueError
        If `value` is something else, or infinite or NaN.
    """
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        raise argument_error(
            owner, argument, 'be a finite number', value, error=TypeError
        )
    finite = float(value)
    if not np.isfinite(finite):
        raise argument_error(owner, argument, 'be a finite number', value)
    return finite


def keywords(owner: object, given: Mapping[str, Any], known: Iterable[str]) -> None:
    """Check that no unknown keyword arguments are left; there is no `argument`.

    Parameters
    ----------
    given : dict
        The keyword arguments that the caller did not use.
    known : sequence of str
        The names that the caller knows; the message shows the nearest one.

    Raises
    ------
    TypeError
        If `given` is not empty.

    Examples
    --------
    >>> keywords('warp', {'bordermode': 'wrap'}, ['border_mode', 'name'])
    Traceback (most recent call last):
        ...
    TypeError: warp: unknown keyword argument 'bordermode'.
    Did you mean 'border_mode'?
    """
    names = list(known)
    for keyword in given:
        near = difflib.get_close_matches(keyword, names, n=1)
        advice = (
            'Did you mean %r?' % near[0]
            if near
            else 'Known are %s.' % ', '.join(repr(name) for name in names)
        )
        raise TypeError(
            "%s: unknown keyword argument '%s'.\n%s"
            % (owner_name(owner), keyword, advice)
        )
