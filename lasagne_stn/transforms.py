"""From parameters theta to source points: one small class for each transform.

Convention: a transform maps points of the output to points of the input; points are
(x, y) or (x, y, z) in half-widths of the image, see :mod:`lasagne_stn.grid`.
"""
import numpy as np
import theano.tensor as T

from . import checks
from .grid import bounded

__all__ = ['Transform', 'MatrixTransform', 'Affine', 'as_transform']


class Transform:
    """What the parameters of a transformer mean; a base class.

    A subclass sets `num_params` and `identity`, and maps points in `apply`.

    Attributes
    ----------
    num_params : int
        Parameters per image.
    identity : numpy array
        Shape ``(num_params,)``: the parameters that leave every point where it is,
        for the bias of the localisation network's last layer.
    dims : int
        2 for images, 3 for volumes.
    """
    dims = 2
    num_params = None
    identity = None

    def apply(self, theta, points):
        """Map points of the output to source points.

        Parameters
        ----------
        theta : Theano matrix
            Shape ``(batch, num_params)``.
        points : Theano tensor
            Shape ``(dims, count)``, the same for the whole batch, or
            ``(batch, dims, count)``; a row for each coordinate, in half-widths.

        Returns
        -------
        Theano tensor
            Shape ``(batch, dims, count)``.
        """
        raise NotImplementedError

    def __repr__(self):
        return type(self).__name__ + '()'


class MatrixTransform(Transform):
    """A transform that is a matrix times [x, y, 1]; a base class.

    A subclass builds the matrix; volumes have [x, y, z, 1].
    """

    def matrix(self, theta):
        """The matrix of each image.

        Parameters
        ----------
        theta : Theano matrix
            Shape ``(batch, num_params)``.

        Returns
        -------
        Theano tensor
            Shape ``(batch, dims, dims + 1)``.
        """
        raise NotImplementedError

    def apply(self, theta, points):
        """See :meth:`Transform.apply`."""
        matrix = bounded(self.matrix(theta))
        if points.ndim == 2:
            return T.dot(matrix, _homogeneous(points))
        return T.batched_dot(matrix, _homogeneous(points))


def _homogeneous(points):
    """Append a row of ones to the rows of coordinates."""
    axis = points.ndim - 2
    one = T.ones_like(points[..., :1, :])
    return T.concatenate([points, one], axis=axis)


class Affine(MatrixTransform):
    """Any linear map and a translation, 6 parameters [1]_.

    x_s = t11 x + t12 y + t13 and y_s = t21 x + t22 y + t23, with theta =
    [t11, t12, t13, t21, t22, t23]; t13 and t23 are in half-widths of the image.

    References
    ----------
    .. [1] Jaderberg et al. (2015): Spatial Transformer Networks, eq. 1.

    Examples
    --------
    >>> Affine().num_params
    6
    >>> shrink = T.constant([[.5, 0, .1, 0, .5, 0]])
    >>> corners = T.constant([[-1., 1.], [-1., 1.]])
    >>> Affine().apply(shrink, corners).eval()
    array([[[-0.4,  0.6],
            [-0.5,  0.5]]])
    """
    num_params = 6

    @property
    def identity(self):
        """The parameters of the identity."""
        return np.eye(self.dims, self.dims + 1).ravel()

    def matrix(self, theta):
        """See :meth:`MatrixTransform.matrix`."""
        return theta.reshape((theta.shape[0], self.dims, self.dims + 1))


def as_transform(owner, transform, dims=2):
    """Refuse what is no transform for images of `dims` axes.

    Parameters
    ----------
    owner : str or object
        Who asks, see :func:`lasagne_stn.checks.owner_name`.
    transform : Transform
        What came.
    dims : int, optional
        2 for images, 3 for volumes.

    Returns
    -------
    Transform

    Raises
    ------
    TypeError, ValueError
        If it is something else, a class, or made for another number of axes.
    """
    if not isinstance(transform, Transform):
        raise checks.refusal(owner, 'transform', 'be a Transform such as Affine()',
                             transform, error=TypeError)
    if transform.dims != dims:
        raise checks.refusal(owner, 'transform', 'have dims=%d' % dims, transform)
    return transform
