"""Sampling kernels: how many pixels an output pixel reads, and their weights.

Along each axis of the image, a kernel k turns the pixels near a source point x into a
value, the sum over m of U_m k(x - m) (Jaderberg et al. 2015, eq. 3).
"""

from __future__ import annotations

from numbers import Integral
from typing import Callable, Hashable

import theano.tensor as T
from theano import Variable

from .. import checks

__all__ = ['Kernel', 'Bilinear', 'Nearest', 'Bicubic', 'as_kernel', 'kernel_identity']


class Kernel:
    """A custom sampling kernel [1]_.

    Parameters
    ----------
    radius : int
        The kernel is zero beyond this distance; 2 * radius pixels are read along each
        axis.
    function : callable
        Maps the signed distance x - m in pixels, a Theano variable, to the weight,
        with elementwise Theano operations. The gradient with respect to the point is
        the one Theano derives from the function. A NaN point has a NaN weight,
        whatever the function returns.

    Raises
    ------
    TypeError, ValueError
        If `radius` is not an integer of at least 1 or `function` is not callable.

    Notes
    -----
    The weights are not normalised: if they do not sum to 1, a constant image changes.

    References
    ----------
    .. [1] Jaderberg et al. (2015): Spatial Transformer Networks, eq. 3.

    Examples
    --------
    >>> hat = Kernel(1, lambda distance: 1 - abs(distance))
    >>> [float(weight.eval()) for weight in hat.weights(T.constant(.25))]
    [0.75, 0.25]
    """

    radius: int

    def __init__(self, radius: int, function: Callable[[Variable], Variable]) -> None:
        if not isinstance(radius, Integral) or isinstance(radius, bool):
            raise checks.argument_error(
                self, 'radius', 'be a whole number of pixels', radius, error=TypeError
            )
        if radius < 1:
            raise checks.argument_error(self, 'radius', 'be at least 1', radius)
        if not callable(function):
            raise checks.argument_error(
                self, 'function', 'be callable', function, error=TypeError
            )
        self.radius = radius
        self.function: Callable[[Variable], Variable] = function

    def __repr__(self) -> str:
        arguments = [
            getattr(value, '__name__', None) or repr(value)
            for name, value in vars(self).items()
            if name in ('radius', 'function')
        ]
        return '%s(%s)' % (type(self).__name__, ', '.join(arguments))

    @property
    def offsets(self) -> list[int]:
        """Pixels that are read, relative to the origin."""
        return list(range(1 - self.radius, 1 + self.radius))

    def origin(self, coordinate: Variable) -> Variable:
        """Return the pixel that the offsets are relative to.

        Parameters
        ----------
        coordinate : Theano variable
            In pixels.

        Returns
        -------
        Theano variable
            Whole numbers, in the dtype of `coordinate`.
        """
        return T.floor(coordinate)

    def weights(self, fraction: Variable) -> list[Variable]:
        """Return the weight of each offset.

        Parameters
        ----------
        fraction : Theano variable
            ``coordinate - origin(coordinate)``, in pixels.

        Returns
        -------
        list of Theano variable
            In the order of `offsets`.
        """
        weights = [self.function(fraction - offset) for offset in self.offsets]
        return [
            T.switch(T.isnan(fraction), fraction, T.cast(weight, fraction.dtype))
            for weight in weights
        ]


class Bilinear(Kernel):
    """Linear interpolation between neighbouring pixels: max(0, 1 - abs(x - m)) [1]_.

    At the centre of a pixel, where the kernel has a kink, the gradient is the
    derivative to the right: the next pixel minus this one.

    References
    ----------
    .. [1] Jaderberg et al. (2015): Spatial Transformer Networks, eq. 5 to 7.
    """

    radius = 1

    def __init__(self) -> None:
        pass

    def weights(self, fraction: Variable) -> list[Variable]:
        """See :meth:`Kernel.weights`."""
        return [1 - fraction, fraction]


class Nearest(Kernel):
    """The nearest pixel, floor(x + 0.5) [1]_; zero gradient with respect to the point.

    References
    ----------
    .. [1] Jaderberg et al. (2015): Spatial Transformer Networks, eq. 4.
    """

    radius = 1

    def __init__(self) -> None:
        pass

    @property
    def offsets(self) -> list[int]:
        """See :attr:`Kernel.offsets`: one pixel."""
        return [0]

    def origin(self, coordinate: Variable) -> Variable:
        """See :meth:`Kernel.origin`."""
        half = T.constant(0.5, dtype=coordinate.dtype)
        return T.floor(coordinate + half)

    def weights(self, fraction: Variable) -> list[Variable]:
        """See :meth:`Kernel.weights`: 1, or NaN if the point is NaN."""
        return [T.switch(T.isnan(fraction), fraction, T.ones_like(fraction))]


class Bicubic(Kernel):
    """Cubic convolution over four pixels along each axis [1]_.

    Parameters
    ----------
    a : float, optional
        Slope of the kernel at distance 1: -0.75 as in most libraries; -0.5 reproduces
        quadratic functions exactly.

    References
    ----------
    .. [1] Keys (1981): Cubic convolution interpolation for digital image
       processing, eq. 4 with a as a parameter.

    Raises
    ------
    TypeError, ValueError
        If `a` is not a finite number.

    Examples
    --------
    >>> [float(weight.eval()) for weight in Bicubic(-.5).weights(T.constant(.5))]
    [-0.0625, 0.5625, 0.5625, -0.0625]
    """

    radius = 2

    def __init__(self, a: float = -0.75) -> None:
        self.a = checks.number(self, 'a', a)

    def __repr__(self) -> str:
        return '%s(%r)' % (type(self).__name__, self.a)

    def weights(self, fraction: Variable) -> list[Variable]:
        """See :meth:`Kernel.weights`."""
        other = 1 - fraction
        return [
            self._far(1 + fraction),
            self._near(fraction),
            self._near(other),
            self._far(1 + other),
        ]

    def _near(self, distance):
        """Return the weight at a distance of 0 to 1."""
        a = self.a
        return ((a + 2) * distance - (a + 3)) * distance**2 + 1

    def _far(self, distance):
        """Return the weight at a distance of 1 to 2."""
        a = self.a
        return ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a


NAMES = {'bilinear': Bilinear, 'nearest': Nearest, 'bicubic': Bicubic}


def as_kernel(owner: object, interpolation: str | Kernel) -> Kernel:
    """Return the sampling kernel named by `interpolation`.

    Parameters
    ----------
    owner : str or object
        Named in error messages, see :func:`lasagne_stn.checks.owner_name`.
    interpolation : str or Kernel
        'bilinear', 'nearest', 'bicubic', or a kernel, which is returned unchanged.

    Returns
    -------
    Kernel

    Raises
    ------
    TypeError, ValueError
        If `interpolation` is something else or an unknown name.

    Examples
    --------
    >>> as_kernel('sample', 'bicubic')
    Bicubic(-0.75)
    """
    if isinstance(interpolation, Kernel):
        return interpolation
    if not isinstance(interpolation, str):
        raise checks.argument_error(
            owner,
            'interpolation',
            'be a name, or a Kernel such as Bicubic()',
            interpolation,
            error=TypeError,
        )
    checks.choice(owner, 'interpolation', interpolation, list(NAMES))
    return NAMES[interpolation]()


def kernel_identity(kernel: Kernel) -> Hashable:
    """Return what identifies a kernel in a graph; it can be compared and pickled.

    A custom kernel may hold a function that cannot be pickled, so its identity is a
    string. Kernels of the same type in one process have different strings.

    Parameters
    ----------
    kernel : Kernel

    Returns
    -------
    str or tuple
        'bilinear', 'nearest', ('bicubic', a), or a string for a custom kernel.

    Examples
    --------
    >>> kernel_identity(Bilinear()), kernel_identity(Bicubic())
    ('bilinear', ('bicubic', -0.75))
    """
    for name, kind in NAMES.items():
        if type(kernel) is kind:  # a subclass may compute something else
            return (name, kernel.a) if isinstance(kernel, Bicubic) else name
    return '%s at %#x' % (type(kernel).__name__, id(kernel))
