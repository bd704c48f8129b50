"""Layers for Lasagne that warp images."""

import lasagne

from .. import checks
from ..grid import as_floats, floor_divide, half_extent, regular_grid
from ..sampling import BORDER_MODES, as_kernel, as_points, sample, sample_affine
from ..transforms import Affine, MatrixTransform, ThinPlateSpline, as_transform
from .incoming import incoming_pair, incoming_shapes

__all__ = ['TransformerLayer', 'TPSTransformerLayer']


class TransformerLayer(lasagne.layers.MergeLayer):
    """Warp each image of a batch by its own transformation [1]_.

    Convention: points are (x, y), x to the right and y down; -1 and +1 are the
    centres of the first and last pixel (their outer edges with
    ``align_corners=False``); the transform maps points of the output to points of the
    input; outside the image the border mode counts.

    Parameters
    ----------
    incoming : Layer or tuple
        Images, ``(batch, channels, rows, columns)``; each size may be None, and rows
        and columns must be if images of several sizes will come: the output's size is
        that of the declared ones. Or the list ``[incoming, localization_network]``, as
        in the first public source.
    localization_network : Layer or tuple
        Parameters theta, ``(batch, transform.num_params)``.
    downsample_factor : float or pair of float, optional
        The output has ``rows // factor`` rows and ``columns // factor`` columns; one
        number for both or ``(for rows, for columns)``; below 1 it enlarges.
    border_mode : {'nearest', 'mirror', 'wrap', 'reflect', 'constant'}, optional
        What stands outside the image, see :mod:`lasagne_stn.sampling.borders`.
    transform : Transform, optional
        What theta means.
    interpolation : {'bilinear', 'nearest', 'bicubic'} or Kernel, optional
        How pixels are read, see :mod:`lasagne_stn.sampling.interpolation`.
    align_corners : bool, optional
        The pixel rule, see :mod:`lasagne_stn.grid`.
    output_size : pair of int, optional
        Rows and columns of the output, in pixels, instead of a factor.
    border_value : float, optional
        What ``border_mode='constant'`` reads outside; 0 is the paper's eq. 5.
    name : str, optional
        Name of the layer, used in messages.

    Raises
    ------
    TypeError, ValueError
        For an argument of the wrong kind, shape, or range; the message says which.

    Notes
    -----
    The graph is made of Theano's own operations: the meshgrid of target points, its
    product with theta, the scaling to pixels, floor, clip, four gathers, four
    weights, and their sum. ``T.grad`` differentiates it; at a pixel's centre, where
    bilinear interpolation has a kink, the derivative is the one to the right. NaN in
    theta gives NaN in that image only; an infinite theta reads the border.

    *Notes for users*, on what makes training stable:

    - End the localisation network with
      :func:`lasagne_stn.localisation.localisation_head`: zero weights and the identity as
      bias. From a random start many images are thrown off the canvas in the first
      step, and a border that is the same everywhere has no gradient to lead back.
    - With plain SGD give the localisation network a smaller step,
      :func:`lasagne_stn.localisation.scale_gradients`. Its gradient is a sum over all
      pixels and channels, so it is far larger than that of a weight in the
      classifier; a step that suits the one makes the other jump.
    - Add :func:`lasagne_stn.localisation.grid_penalty` if grids leave the image early:
      it has a gradient where the image has none.
    - Prefer the fewest parameters that describe the distortion: each further one is
      a way to fit noise, and eight or more of them can fold the image.
    - Down-sample by at most the scale that the transform zooms in: bilinear sampling
      reads four pixels, so pixels between the points are not seen and have no
      gradient.

    References
    ----------
    .. [1] Jaderberg et al. (2015): Spatial Transformer Networks, section 3.

    Examples
    --------
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> images = InputLayer((None, 3, 60, 40))
    >>> theta = DenseLayer(images, num_units=6, nonlinearity=None)
    >>> TransformerLayer(images, theta, downsample_factor=2).output_shape
    (None, 3, 30, 20)
    >>> TransformerLayer(images, theta, output_size=(28, 28)).output_shape
    (None, 3, 28, 28)
    """

    axes = ('rows', 'columns')
    _keywords = (
        'incoming',
        'localization_network',
        'downsample_factor',
        'border_mode',
        'transform',
        'interpolation',
        'align_corners',
        'output_size',
        'border_value',
        'name',
    )

    def __init__(
        self,
        incoming,
        localization_network=None,
        downsample_factor=1,
        border_mode='nearest',
        transform=Affine(),
        interpolation='bilinear',
        align_corners=True,
        output_size=None,
        border_value=0.0,
        **kwargs,
    ):
        self.name = kwargs.pop('name', None)
        checks.keywords(self, kwargs, self._keywords)
        incoming, localization_network, downsample_factor = incoming_pair(
            self, incoming, localization_network, downsample_factor
        )
        self.transform = as_transform(self, transform, len(self.axes))
        images, _ = incoming_shapes(
            self, incoming, localization_network, self.axes, self.transform
        )
        checks.choice(self, 'border_mode', border_mode, BORDER_MODES)
        self.border_mode = border_mode
        self.interpolation = as_kernel(self, interpolation)
        self.align_corners = checks.flag(self, 'align_corners', align_corners)
        self.border_value = checks.number(self, 'border_value', border_value)
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
        super().__init__([incoming, localization_network], name=self.name)
        if 0 in self.output_shape[2:]:
            raise checks.argument_error(
                self,
                'downsample_factor',
                'leave at least one pixel of '
                + ' x '.join(str(pixels) for pixels in images[2:]),
                downsample_factor,
            )

    def get_output_shape_for(self, input_shapes):
        """Shape of the output for given shapes of images and theta."""
        images = tuple(input_shapes[0])
        return images[:2] + (
            self.output_size
            or tuple(
                None if pixels is None else int(pixels // factor)
                for pixels, factor in zip(images[2:], self.downsample_factor)
            )
        )

    def get_output_for(self, inputs, **kwargs):
        """The warped images, ``(batch, channels, rows, columns)``."""
        images, theta = inputs
        options = (
            self.interpolation,
            self.border_mode,
            self.border_value,
            self.align_corners,
        )
        if isinstance(self.transform, MatrixTransform):
            matrices = self.transform.matrix(theta, self._half_widths(images))
            size = self._symbolic_size(images)
            return sample_affine(images, matrices, size, *options)
        return sample(images, self.source_points(images, theta), *options)

    def source_points(self, images, theta):
        """Where in the images the output's pixels are read.

        Parameters
        ----------
        images : Theano tensor
            Shape ``(batch, channels, rows, columns)``; only its shape counts.
        theta : Theano matrix
            Shape ``(batch, transform.num_params)``.

        Returns
        -------
        Theano tensor
            Points (x, y) in half-widths of the image, shape
            ``(batch, output rows, output columns, 2)``.
        """
        (theta,) = as_floats(theta)
        size = self._symbolic_size(images)
        grid = regular_grid(size, self.align_corners, theta.dtype)
        rows = self.transform.apply(theta, grid, self._half_widths(images))
        return as_points(rows, size)

    def _half_widths(self, images):
        """Half the extent of the images along x, y (and z), in pixels."""
        return [
            half_extent(images.shape[axis], self.align_corners)
            for axis in range(images.ndim - 1, 1, -1)
        ]

    def _symbolic_size(self, images):
        """Pixels of the output along each axis: numbers where known, else symbolic."""
        return [
            floor_divide(images.shape[axis], factor) if pixels is None else pixels
            for axis, (pixels, factor) in enumerate(
                zip(self._known_size(), self.downsample_factor), start=2
            )
        ]

    def _known_size(self):
        """Pixels of the output along each axis that Theano may take as constant."""
        return self.output_shape[2:]


class TPSTransformerLayer(TransformerLayer):
    """Warp each image by a thin plate spline, with the signature of Lasagne's layer.

    Parameters
    ----------
    incoming, localization_network, downsample_factor, border_mode
        See :class:`TransformerLayer`; theta is ``(batch, 2 * control_points)``.
    control_points : int, optional
        See :class:`lasagne_stn.transforms.thin_plate_spline.ThinPlateSpline`.
    precompute_grid : {'auto', True, False}, optional
        Whether the spline's basis functions are computed once, when the function is
        compiled: True needs an output size that is known in advance, 'auto' does it
        where that is so.
    **kwargs
        Further options of :class:`TransformerLayer`.

    Raises
    ------
    TypeError, ValueError
        As :class:`TransformerLayer`, or if `precompute_grid` cannot be.

    Examples
    --------
    >>> TPSTransformerLayer((None, 1, 42, 42), (None, 32), 2).output_shape
    (None, 1, 21, 21)
    """

    _keywords = ('control_points', 'precompute_grid') + tuple(
        word for word in TransformerLayer._keywords if word != 'transform'
    )

    def __init__(
        self,
        incoming,
        localization_network=None,
        downsample_factor=1,
        control_points=16,
        precompute_grid='auto',
        border_mode='nearest',
        **kwargs,
    ):
        self.name = kwargs.get('name')
        if 'transform' in kwargs:
            raise checks.argument_error(
                self,
                'transform',
                'not be given',
                kwargs['transform'],
                'Use TransformerLayer for it.',
                error=TypeError,
            )
        if precompute_grid != 'auto' and not isinstance(precompute_grid, bool):
            raise checks.argument_error(
                self, 'precompute_grid', "be 'auto', True or False", precompute_grid
            )
        super().__init__(
            incoming,
            localization_network,
            downsample_factor,
            border_mode,
            transform=ThinPlateSpline(control_points),
            **kwargs,
        )
        known = None not in self.output_shape[2:]
        if precompute_grid is True and not known:
            raise checks.argument_error(
                self,
                'precompute_grid',
                'be False or "auto" while the size of the output is unknown',
                precompute_grid,
            )
        self.precompute_grid = known if precompute_grid == 'auto' else precompute_grid

    def _known_size(self):
        known = super()._known_size()
        if self.precompute_grid or self.output_size:
            return known
        return (None,) * len(known)
