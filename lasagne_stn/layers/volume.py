"""Layers for volumes: the transformer in three dimensions, and flattening [1]_.

.. [1] Jaderberg et al. (2015): Spatial Transformer Networks, appendix A.3.
"""

import lasagne

from .. import checks
from ..transforms import Affine
from .transformer import TransformerLayer

__all__ = ['Transformer3DLayer', 'FlattenVolumeLayer']

AXES = ('depth', 'rows', 'columns')


class Transformer3DLayer(TransformerLayer):
    """Warp each volume of a batch by its own transformation [1]_.

    As :class:`lasagne_stn.TransformerLayer`, with an axis more: points are (x, y, z),
    x along the columns, y along the rows, z along the depth.

    Parameters
    ----------
    incoming : Layer or tuple
        Volumes, ``(batch, channels, depth, rows, columns)``; each size may be None.
    localization_network : Layer or tuple
        Parameters theta, ``(batch, transform.num_params)``.
    downsample_factor : float or triple of float, optional
        One number, or one for each axis.
    border_mode : {'nearest', 'mirror', 'wrap', 'reflect', 'constant'}, optional
        What stands outside the volume.
    transform : Transform, optional
        ``Affine(dims=3)`` (12 parameters), ``Attention(dims=3)``,
        ``Translation(dims=3)``.
    **kwargs
        Further options of :class:`lasagne_stn.TransformerLayer`; `output_size` is
        ``(depth, rows, columns)``, and 'bilinear' is trilinear here.

    Raises
    ------
    TypeError, ValueError
        For an argument of the wrong kind, shape, or range; the message says which.

    References
    ----------
    .. [1] Jaderberg et al. (2015): Spatial Transformer Networks, appendix A.3.

    Examples
    --------
    >>> layer = Transformer3DLayer((None, 1, 20, 30, 40), (None, 12), 2)
    >>> layer.output_shape
    (None, 1, 10, 15, 20)
    """

    axes = AXES

    def __init__(
        self,
        incoming,
        localization_network=None,
        downsample_factor=1,
        border_mode='nearest',
        transform=Affine(dims=3),
        **kwargs,
    ):
        super().__init__(
            incoming,
            localization_network,
            downsample_factor,
            border_mode,
            transform,
            **kwargs,
        )


class FlattenVolumeLayer(lasagne.layers.Layer):
    """Look through a volume along one axis: the sum or the maximum over it [1]_.

    Parameters
    ----------
    incoming : Layer or tuple
        Volumes, ``(batch, channels, depth, rows, columns)``.
    axis : {'depth', 'rows', 'columns'}, optional
        The axis that goes.
    pool : {'sum', 'max'}, optional
        What is kept of it.
    name : str, optional
        Name of the layer.

    Raises
    ------
    ValueError
        If the shape has another rank or a name is unknown.

    References
    ----------
    .. [1] Jaderberg et al. (2015): Spatial Transformer Networks, appendix A.3.

    Examples
    --------
    >>> FlattenVolumeLayer((None, 1, 20, 30, 40), axis='rows').output_shape
    (None, 1, 20, 40)
    """

    def __init__(self, incoming, axis='depth', pool='sum', name=None):
        self.name = name
        checks.choice(self, 'axis', axis, AXES)
        checks.choice(self, 'pool', pool, ('sum', 'max'))
        super().__init__(incoming, name=name)
        checks.shape(self, 'incoming', self.input_shape, ('batch', 'channels') + AXES)
        self.axis, self.pool = 2 + AXES.index(axis), pool

    def get_output_shape_for(self, input_shape):
        """The shape without the axis that goes."""
        return input_shape[: self.axis] + input_shape[self.axis + 1 :]

    def get_output_for(self, input, **kwargs):
        """The images, shape ``(batch, channels)`` and the two axes that are left."""
        return getattr(input, self.pool)(axis=self.axis)
