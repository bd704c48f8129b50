"""The few refusals: who, which argument, what it must be, what came, what to do."""

import difflib
import numbers

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


def owner_name(owner):
    """How an error message calls the object that refuses.

    Parameters
    ----------
    owner : str or object
        A function's name, or an object; its ``name`` is shown if it has one.

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


def argument_error(owner, argument, must, got, advice='', error=ValueError):
    """Build the exception for a bad argument; the caller raises it.

    Parameters
    ----------
    owner : str or object
        See :func:`owner_name`.
    argument : str
        Name of the argument.
    must : str
        What it must be, continuing "ARGUMENT must ".
    got : object
        What came; its ``repr`` is shown.
    advice : str, optional
        What to do, on a line of its own.
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
    text = '%s: %s must %s, got %r.' % (owner_name(owner), argument, must, got)
    return error(text + ('\n' + advice if advice else ''))


def shape(owner, argument, given, axes, advice=''):
    """Refuse a shape of another rank, or with another fixed size, than `axes` says.

    Parameters
    ----------
    owner : str or object
        See :func:`owner_name`.
    argument : str
        Name of the argument.
    given : tuple of int or None
        The shape that came; None stands for a size that is not known yet.
    axes : tuple of str or int
        One word for each free axis, a number for each axis of a fixed size.
    advice : str, optional
        What to do.

    Raises
    ------
    ValueError
        If rank or a size differs, or a size is below 1 (an empty batch is allowed).
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


def choice(owner, argument, value, choices):
    """Refuse a value that is not among the names in `choices`.

    Parameters
    ----------
    owner : str or object
        See :func:`owner_name`.
    argument : str
        Name of the argument.
    value : object
        What came.
    choices : sequence of str
        The known names.

    Raises
    ------
    ValueError
        With the nearest known name.

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
        raise argument_error(
            owner,
            argument,
            'be one of ' + names,
            value,
            'Did you mean %r?' % near[0] if near else '',
        )


def positive_pair(owner, argument, value, count=2):
    """A positive number, or one for each axis, as a tuple.

    Parameters
    ----------
    owner : str or object
        See :func:`owner_name`.
    argument : str
        Name of the argument.
    value : float or sequence of float
        One number for all axes, or `count` numbers.
    count : int, optional
        Number of image axes.

    Returns
    -------
    tuple of float

    Raises
    ------
    TypeError, ValueError
        If `value` is not made of numbers, or not positive and finite.

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


def size(owner, argument, value, axes):
    """Sizes in pixels, one whole number of at least 1 for each image axis.

    Parameters
    ----------
    owner : str or object
        See :func:`owner_name`.
    argument : str
        Name of the argument.
    value : sequence of int
        What came.
    axes : tuple of str
        The names of the axes.

    Returns
    -------
    tuple of int

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


def flag(owner, argument, value):
    """Refuse what is neither True nor False.

    Parameters
    ----------
    owner : str or object
        See :func:`owner_name`.
    argument : str
        Name of the argument.
    value : bool
        What came.

    Returns
    -------
    bool

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


def number(owner, argument, value):
    """Refuse what is no finite number.

    Parameters
    ----------
    owner : str or object
        See :func:`owner_name`.
    argument : str
        Name of the argument.
    value : float
        What came.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        If `value` is something else, or infinite or NaN.
    """
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        raise argument_error(
            owner, argument, 'be a finite number', value, error=TypeError
        )
    if not np.isfinite(value):
        raise argument_error(owner, argument, 'be a finite number', value)
    return float(value)


def keywords(owner, given, known):
    """Refuse keyword arguments that nobody reads.

    Parameters
    ----------
    owner : str or object
        See :func:`owner_name`.
    given : dict
        What came.
    known : sequence of str
        The names that the caller understands, for the nearest one.

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
    for word in given:
        near = difflib.get_close_matches(word, known, n=1)
        advice = near[0] if near else "', '".join(known)
        raise TypeError(
            "%s: unknown keyword argument '%s'.\n%s '%s'%s"
            % (
                owner_name(owner),
                word,
                'Did you mean' if near else 'Known are',
                advice,
                '?' if near else '.',
            )
        )
