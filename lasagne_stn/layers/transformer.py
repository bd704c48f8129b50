"""The layer that warps images; a base for the other transformers."""

from __future__ import annotations

import inspect
from typing import Sequence

import lasagne
from theano import Variable

from .. import checks
from ..grid import as_floats, floor_divide, half_extent, regular_grid
from ..sampling import (
    Kernel,
    as_points,
    check_options,
    sample_at_matrices,
    sample_at_points,
)
from ..transforms import Affine, MatrixTransform, Transform, as_transform
from .description import describe_layer
from .incoming import incoming_pair, incoming_shapes

__all__ = ['TransformerLayer']


class TransformerLayer(lasagne.layers.MergeLayer):
    """Warp each image of a batch by its own transformation [1]_.

    Convention: points are (x, y), x to the right and y down; -1 and +1 are the
    centres of the first and last pixel (their outer edges with
    ``align_corners=False``); the transform maps target points to source points; the
    border mode extends the image beyond its edges.

    Parameters
    ----------
    incoming : Layer or tuple
        Images, ``(batch, channels, rows, columns)``; each size may be None. If images
        of several sizes will be used, rows and columns must be None: the output size
        is computed from the declared ones. Or the list
        ``[incoming, localization_network]``, as in the first public source.
    localization_network : Layer or tuple
        Parameters theta, ``(batch, transform.num_params)``. (This argument has
        Lasagne's spelling.)
    downsample_factor : float or pair of float, optional
        The output has ``rows // factor`` rows and ``columns // factor`` columns; one
        number for both or ``(for rows, for columns)``. Factors below 1 enlarge.
    border_mode : {'nearest', 'mirror', 'wrap', 'reflect', 'constant'}, optional
        How the image is extended, see :mod:`lasagne_stn.sampling.borders`.
    transform : Transform, optional
        What theta means.
    interpolation : {'bilinear', 'nearest', 'bicubic'} or Kernel, optional
        How pixels are read, see :mod:`lasagne_stn.sampling.interpolation`.
    align_corners : bool, optional
        The pixel rule, see :mod:`lasagne_stn.grid`.
    output_size : pair of int, optional
        Rows and columns of the output, in pixels, instead of a factor.
    border_value : float, optional
        The value outside the image for ``border_mode='constant'``; 0 is the paper's
        eq. 5.
    name : str, optional
        Name of the layer, used in error messages.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong type, shape, or range.

    Notes
    -----
    The graph consists of Theano operations: the meshgrid of target points, its
    product with theta, the conversion to pixels, floor, clip, four gathers, four
    weights, and their sum. ``T.grad`` differentiates it; at the centre of a pixel,
    where bilinear interpolation has a kink, it uses the derivative to the right. NaN
    in theta gives NaN in that image only; an infinite theta reads the border.

    *Advice for stable training:*

    - End the localisation network with
      :func:`lasagne_stn.localisation.localisation_head`: zero weights and the identity
      as bias. From a random start, the first step moves many images off the canvas,
      and a constant border has no gradient that leads back.
    - With plain SGD, give the localisation network a smaller step,
      :func:`lasagne_stn.localisation.scale_gradients`. Its gradient is a sum over all
      pixels and channels, so it is far larger than that of a weight in the
      classifier; a step that suits one is too large for the other.
    - Add :func:`lasagne_stn.localisation.grid_penalty` if grids leave the image early:
      it has a gradient where the image has none.
    - Prefer the fewest parameters that describe the distortion: each additional one
      can fit noise, and eight or more can fold the image.
    - Down-sample by at most the factor by which the transform zooms in: bilinear
      sampling reads four pixels, so pixels between the points are ignored and get no
      gradient.

    References
    ----------
    .. [1] Jaderberg et al. (2015): Spatial Transformer Networks, section 3.

    Examples
    --------
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> images = InputLayer((None, 3, 60, 40))
    >>> theta = DenseLayer(images, num_units=6, nonlinearity=None)
    >>> TransformerLayer(images, theta, downsample_factor=2, name='warp')
    TransformerLayer('warp', Affine(), 'nearest', output (None, 3, 30, 20))
    >>> TransformerLayer(images, theta, output_size=(28, 28)).output_shape
    (None, 3, 28, 28)
    """

    axes: tuple[str, ...] = ('rows', 'columns')
    preset: tuple[str, ...] = ()  # arguments that a subclass sets for its users

    def __init__(
        self,
        incoming,
        localization_network=None,
        downsample_factor: float | Sequence[float] = 1,
        border_mode: str = 'nearest',
        transform: Transform = Affine(),
        interpolation: str | Kernel = 'bilinear',
        align_corners: bool = True,
        output_size: Sequence[int] | None = None,
        border_value: float = 0.0,
        name: str | None = None,
        **kwargs,
    ) -> None:
        self.name = name
        checks.keywords(self, kwargs, self.keyword_names())
        incoming, localization_network, downsample_factor = incoming_pair(
            self, incoming, localization_network, downsample_factor
        )
        self.transform = as_transform(self, transform, len(self.axes))
        images, _ = incoming_shapes(
            self, incoming, localization_network, self.axes, self.transform
        )
        self.sampling = check_options(
            self, interpolation, border_mode, border_value, align_corners
        )
        self.downsample_factor = checks.positive_pair(
            self, 'downsample_factor', downsample_factor, len(self.axes)
        )
        self.output_size = None
        if output_size is not None:
            self.output_size = checks.size(self, 'output_size', output_size, self.axes)
            if set(self.downsample_factor) != {1}:
                raise checks.argument_error(
                    self,
                    'output_size',
                    'be None if downsample_factor is given',
                    output_size,
                    'Give one of the two.',
                )
        super().__init__([incoming, localization_network], name=name)
        if 0 in self.output_shape[2:]:
            raise checks.argument_error(
                self,
                'downsample_factor',
                'leave at least one pixel of '
                + ' x '.join(str(pixels) for pixels in images[2:]),
                downsample_factor,
            )

    @classmethod
    def keyword_names(cls) -> list[str]:
        """Return the names of the arguments, those of base classes included."""
        names: list[str] = []
        for base in cls.__mro__[: cls.__mro__.index(TransformerLayer) + 1]:
            for argument in list(inspect.signature(base).parameters.values()):
                if argument.kind is not argument.VAR_KEYWORD:
                    names.append(argument.name)
        return [name for name in dict.fromkeys(names) if name not in cls.preset]

    def __repr__(self) -> str:
        return describe_layer(self, self.transform, self.border_mode)

    @property
    def interpolation(self) -> Kernel:
        """The sampling kernel."""
        return self.sampling.interpolation

    @property
    def border_mode(self) -> str:
        """The border mode."""
        return self.sampling.border_mode

    @property
    def border_value(self) -> float:
        """The value outside the image for the border mode 'constant'."""
        return self.sampling.border_value

    @property
    def align_corners(self) -> bool:
        """The pixel rule."""
        return self.sampling.align_corners

    def get_output_shape_for(self, input_shapes):
        """Return the shape of the output for given shapes of images and theta."""
        images = tuple(input_shapes[0])
        return images[:2] + (
            self.output_size
            or tuple(
                None if pixels is None else int(pixels // factor)
                for pixels, factor in zip(images[2:], self.downsample_factor)
            )
        )

    def get_output_for(self, inputs: Sequence[Variable], **kwargs) -> Variable:
        """Return the warped images, ``(batch, channels, rows, columns)``."""
        images, theta = inputs
        if isinstance(self.transform, MatrixTransform):
            matrices = self.transform.matrix(theta, self._half_extents(images))
            size = self._symbolic_size(images)
            return sample_at_matrices(images, matrices, size, self.sampling)
        points = self.source_points(images, theta)
        return sample_at_points(images, points, self.sampling)

    def source_points(self, images: Variable, theta: Variable) -> Variable:
        """Return the source points of the output's pixels.

        Parameters
        ----------
        images : Theano tensor
            Shape ``(batch, channels, rows, columns)``; only its shape matters.
        theta : Theano matrix
            Shape ``(batch, transform.num_params)``.

        Returns
        -------
        Theano tensor
            Points (x, y) in normalised coordinates, shape
            ``(batch, output rows, output columns, 2)``.
        """
        (theta,) = as_floats(theta)
        size = self._symbolic_size(images)
        grid = regular_grid(size, self.align_corners, theta.dtype)
        rows = self.transform.apply(theta, grid, self._half_extents(images))
        return as_points(rows, size)

    def _half_extents(self, images):
        """Return the half extents of the images along x, y (and z), in pixels."""
        return [
            half_extent(images.shape[axis], self.align_corners)
            for axis in range(images.ndim - 1, 1, -1)
        ]

    def _symbolic_size(self, images):
        """Return the size of the output: numbers if known, else symbolic."""
        return [
            floor_divide(images.shape[axis], factor) if pixels is None else pixels
            for axis, (pixels, factor) in enumerate(
                zip(self._known_size(), self.downsample_factor), start=2
            )
        ]

    def _known_size(self):
        """Return the size of the output, None where Theano must compute it."""
        return self.output_shape[2:]
