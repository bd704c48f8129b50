"""Layers for volumes: the transformer in three dimensions, and flattening.

Source: Jaderberg et al. (2015): Spatial Transformer Networks, appendix A.3.
"""

from __future__ import annotations

from typing import Sequence

import lasagne
from theano import Variable

from .. import checks
from ..transforms import Affine, Transform
from .description import describe_layer
from .transformer import TransformerLayer

__all__ = ['Transformer3DLayer', 'FlattenVolumeLayer']

AXES = ('depth', 'rows', 'columns')


class Transformer3DLayer(TransformerLayer):
    """Warp each volume of a batch by its own transformation [1]_.

    As :class:`lasagne_stn.TransformerLayer`, with one more axis: points are (x, y, z),
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
        How the volume is extended beyond its edges.
    transform : Transform, optional
        ``Affine(dims=3)`` (12 parameters), ``Attention(dims=3)``,
        ``Translation(dims=3)``.
    **kwargs
        Other options of :class:`lasagne_stn.TransformerLayer`; `output_size` is
        ``(depth, rows, columns)``, and 'bilinear' is trilinear here.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong type, shape, or range.

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
        downsample_factor: float | Sequence[float] = 1,
        border_mode: str = 'nearest',
        transform: Transform = Affine(dims=3),
        **kwargs,
    ) -> None:
        super().__init__(
            incoming,
            localization_network,
            downsample_factor,
            border_mode,
            transform,
            **kwargs,
        )


class FlattenVolumeLayer(lasagne.layers.Layer):
    """Project a volume along one axis: its sum or maximum over this axis [1]_.

    Parameters
    ----------
    incoming : Layer or tuple
        Volumes, ``(batch, channels, depth, rows, columns)``.
    axis : {'depth', 'rows', 'columns'}, optional
        The axis to remove.
    pool : {'sum', 'max'}, optional
        What to compute along it.
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
    >>> FlattenVolumeLayer((None, 1, 20, 30, 40), axis='rows')
    FlattenVolumeLayer('rows', 'sum', output (None, 1, 20, 40))
    """

    def __init__(
        self, incoming, axis: str = 'depth', pool: str = 'sum', name: str | None = None
    ) -> None:
        self.name = name
        checks.choice(self, 'axis', axis, AXES)
        checks.choice(self, 'pool', pool, ('sum', 'max'))
        super().__init__(incoming, name=name)
        checks.shape(self, 'incoming', self.input_shape, ('batch', 'channels') + AXES)
        self.axis, self.pool = 2 + AXES.index(axis), pool

    def __repr__(self) -> str:
        return describe_layer(self, AXES[self.axis - 2], self.pool)

    def get_output_shape_for(self, input_shape):
        """Return the shape without the removed axis."""
        return input_shape[: self.axis] + input_shape[self.axis + 1 :]

    def get_output_for(self, input: Variable, **kwargs) -> Variable:
        """Return the images, shape ``(batch, channels)`` and the two other axes."""
        return getattr(input, self.pool)(axis=self.axis)
