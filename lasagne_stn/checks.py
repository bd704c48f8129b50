"""The few refusals: who, which argument, what it must be, what came, what to do."""
import difflib
import numbers

import numpy as np

__all__ = ['owner_name', 'refusal', 'shape', 'choice', 'positive_pair', 'size',
           'keywords', 'layer_pair', 'layers']


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


def refusal(owner, argument, must, got, advice='', error=ValueError):
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
    >>> print(refusal('warp', 'factor', 'be positive', -1))
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
        size is None or size == axis or (
            isinstance(axis, str) and size >= (axis != 'batch'))
        for size, axis in zip(given, axes))
    if not fits:
        wanted = '(%s)' % ', '.join(str(axis) for axis in axes)
        raise refusal(owner, argument, 'have shape ' + wanted, given, advice)


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
        raise refusal(owner, argument, 'be one of ' + names, value,
                      'Did you mean %r?' % near[0] if near else '')


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
            isinstance(one, numbers.Real) and not isinstance(one, bool)
            for one in values):
        raise refusal(owner, argument, must, value, error=TypeError)
    if len(values) != count or not all(0 < one < float('inf') for one in values):
        raise refusal(owner, argument, must, value)
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
    if isinstance(value, str) or np.ndim(value) == 0 or not all(
            isinstance(one, numbers.Integral) and not isinstance(one, bool)
            for one in value):
        raise refusal(owner, argument, must, value, error=TypeError)
    if len(value) != len(axes) or min(value) < 1:
        raise refusal(owner, argument, must, value)
    return tuple(int(one) for one in value)


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
        raise TypeError("%s: unknown keyword argument '%s'.\n%s '%s'%s" % (
            owner_name(owner), word, 'Did you mean' if near else 'Known are',
            advice, '?' if near else '.'))


def layer_pair(owner, incoming, localization_network, downsample_factor):
    """Sort out the two ways to give a transformer its two layers.

    Parameters
    ----------
    owner : Layer
        Who asks.
    incoming : Layer, tuple or list
        The images, or ``[incoming, localization_network]`` as in the source of 2015,
        where the factor came next.
    localization_network : Layer, tuple or None
        Theta; after a list None, or the factor.
    downsample_factor : object
        The factor.

    Returns
    -------
    tuple
        ``(incoming, localization_network, downsample_factor)``.

    Raises
    ------
    ValueError
        If a list has not two members.
    """
    if not isinstance(incoming, list):
        return incoming, localization_network, downsample_factor
    if len(incoming) != 2:
        raise refusal(owner, 'incoming', 'be a layer, or a list of two layers',
                      incoming)
    factor = downsample_factor if localization_network is None else localization_network
    return incoming[0], incoming[1], factor


def layers(owner, incoming, localization_network, axes, transform):
    """Refuse layers whose shapes a transformer cannot take.

    Parameters
    ----------
    owner : Layer
        Who asks.
    incoming, localization_network : Layer or tuple
        The images and theta, or their shapes.
    axes : tuple of str
        Names of the image axes.
    transform : Transform
        What theta means.

    Returns
    -------
    list of tuple
        Shapes of the images and of theta.

    Raises
    ------
    TypeError, ValueError
        If one is no layer, or has a wrong shape, or both differ in the batch.
    """
    images = _layer_shape(owner, 'incoming', incoming)
    theta = _layer_shape(owner, 'localization_network', localization_network)
    shape(owner, 'incoming', images, ('batch', 'channels') + axes)
    count = transform.num_params
    shape(owner, 'localization_network', theta, ('batch', count),
          '%r takes %d parameters per image: give the last layer num_units=%d and '
          'nonlinearity=None.' % (transform, count, count))
    if None not in (images[0], theta[0]) and images[0] != theta[0]:
        raise refusal(owner, 'localization_network', 'have the batch size of '
                      'incoming, %d' % images[0], theta[0])
    return [images, theta]


def _layer_shape(owner, argument, incoming):
    """Output shape of a layer, or the tuple that stands for one."""
    given = getattr(incoming, 'output_shape', incoming)
    if not isinstance(given, tuple):
        raise refusal(owner, argument, 'be a layer or a shape tuple', incoming,
                      error=TypeError)
    return given
