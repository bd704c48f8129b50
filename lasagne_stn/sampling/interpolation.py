"""Sampling kernels: how many pixels an output pixel reads, and their weights.

A kernel k turns the pixels near a source point x into a value, the sum over m of
U_m k(x - m) (Jaderberg et al. 2015, eq. 3), along each axis of the image.
"""

from numbers import Integral

import theano.tensor as T

from .. import checks

__all__ = ['Kernel', 'Bilinear', 'Nearest', 'Bicubic', 'as_kernel']


class Kernel:
    """A sampling kernel of the user's own [1]_.

    Parameters
    ----------
    radius : int
        The kernel is zero where the distance exceeds it; 2 * radius pixels are read
        along each axis.
    function : callable
        From the signed distance x - m in pixels, a Theano variable, to the weight;
        made of Theano's operations, elementwise. The gradient to the point is the
        one that Theano gives the function; a NaN point weighs NaN, whatever it says.

    Raises
    ------
    TypeError, ValueError
        If `radius` is no whole number of at least 1 or `function` cannot be called.

    Notes
    -----
    The weights are used as they are: where they do not sum to 1, a constant image
    does not stay the same.

    References
    ----------
    .. [1] Jaderberg et al. (2015): Spatial Transformer Networks, eq. 3.

    Examples
    --------
    >>> hat = Kernel(1, lambda distance: 1 - abs(distance))
    >>> [float(weight.eval()) for weight in hat.weights(T.constant(.25))]
    [0.75, 0.25]
    """

    def __init__(self, radius, function):
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
        self.function = function

    @property
    def offsets(self):
        """Pixels that are read, relative to the origin (list of int)."""
        return list(range(1 - self.radius, 1 + self.radius))

    def origin(self, place):
        """The pixel that the offsets count from.

        Parameters
        ----------
        place : Theano variable
            Places on an axis, in pixels.

        Returns
        -------
        Theano variable
            Whole numbers, in the dtype of `place`.
        """
        return T.floor(place)

    def weights(self, fraction):
        """The weight of each offset.

        Parameters
        ----------
        fraction : Theano variable
            ``place - origin(place)``, in pixels.

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
    """Straight lines between neighbouring pixels: max(0, 1 - abs(x - m)) [1]_.

    At a pixel's centre, where the kernel has a kink, the gradient is the derivative
    to the right: the next pixel minus this one.

    References
    ----------
    .. [1] Jaderberg et al. (2015): Spatial Transformer Networks, eq. 5 to 7.
    """

    def __init__(self):
        self.radius = 1

    def weights(self, fraction):
        """See :meth:`Kernel.weights`."""
        return [1 - fraction, fraction]


class Nearest(Kernel):
    """The nearest pixel, floor(x + 0.5) [1]_; its gradient to the point is zero.

    References
    ----------
    .. [1] Jaderberg et al. (2015): Spatial Transformer Networks, eq. 4.
    """

    radius = 1
    offsets = [0]

    def __init__(self):
        pass

    def origin(self, place):
        """See :meth:`Kernel.origin`."""
        half = T.constant(0.5, dtype=place.dtype)
        return T.floor(place + half)

    def weights(self, fraction):
        """See :meth:`Kernel.weights`: 1, or NaN where the point is NaN."""
        return [T.switch(T.isnan(fraction), fraction, T.ones_like(fraction))]


class Bicubic(Kernel):
    """Cubic convolution over four pixels along each axis [1]_.

    Parameters
    ----------
    a : float, optional
        Slope of the kernel at distance 1: -0.75 as in most libraries, -0.5 to
        reproduce quadratic functions exactly.

    References
    ----------
    .. [1] Keys (1981): Cubic convolution interpolation for digital image
       processing, eq. 4 with its a as a parameter.

    Raises
    ------
    TypeError, ValueError
        If `a` is no finite number.

    Examples
    --------
    >>> [float(weight.eval()) for weight in Bicubic(-.5).weights(T.constant(.5))]
    [-0.0625, 0.5625, 0.5625, -0.0625]
    """

    def __init__(self, a=-0.75):
        self.radius = 2
        self.a = checks.number(self, 'a', a)

    def weights(self, fraction):
        """See :meth:`Kernel.weights`."""
        other = 1 - fraction
        return [
            self._far(1 + fraction),
            self._near(fraction),
            self._near(other),
            self._far(1 + other),
        ]

    def _near(self, distance):
        """Weight at a distance of 0 to 1."""
        a = self.a
        return ((a + 2) * distance - (a + 3)) * distance**2 + 1

    def _far(self, distance):
        """Weight at a distance of 1 to 2."""
        a = self.a
        return ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a


NAMES = {'bilinear': Bilinear, 'nearest': Nearest, 'bicubic': Bicubic}


def as_kernel(owner, interpolation):
    """The kernel that `interpolation` names.

    Parameters
    ----------
    owner : str or object
        Who asks, for the message, see :func:`lasagne_stn.checks.owner_name`.
    interpolation : str or Kernel
        'bilinear', 'nearest', 'bicubic', or a kernel, which is returned.

    Returns
    -------
    Kernel

    Raises
    ------
    TypeError, ValueError
        If it is something else, or the name is unknown.

    Examples
    --------
    >>> as_kernel('sample', 'bicubic').radius
    2
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
