"""Layers for Lasagne that warp their input."""
import lasagne
import theano.tensor as T

from . import checks
from .borders import BORDER_MODES
from .grid import regular_grid
from .incoming import incoming_pair, incoming_shapes
from .sampler import sample
from .transforms import Affine, as_transform

__all__ = ['TransformerLayer']


class TransformerLayer(lasagne.layers.MergeLayer):
    """Warp each image of a batch by its own transformation [1]_.

    Convention: points are (x, y), x to the right and y down; -1 and +1 are the
    centres of the first and last pixel; the transform maps points of the output to
    points of the input; outside the image the border mode counts.

    Parameters
    ----------
    incoming : Layer or tuple
        Images, ``(batch, channels, rows, columns)``; each size may be None. Or the
        list ``[incoming, localization_network]``, as in the first public source.
    localization_network : Layer or tuple
        Parameters theta, ``(batch, 6)``: the rows of the affine matrix, translations
        in half-widths of the image.
    downsample_factor : float or pair of float, optional
        The output has ``rows // factor`` rows and ``columns // factor`` columns; one
        number for both or ``(for rows, for columns)``; below 1 it enlarges.
    border_mode : {'nearest', 'mirror', 'wrap', 'reflect', 'constant'}, optional
        What stands outside the image, see :mod:`lasagne_stn.borders`.
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
    bilinear interpolation has a kink, the derivative is the one to the right.

    References
    ----------
    .. [1] Jaderberg et al. (2015): Spatial Transformer Networks, eq. 1 and 5.

    Examples
    --------
    >>> from lasagne.layers import DenseLayer, InputLayer
    >>> images = InputLayer((None, 3, 60, 40))
    >>> theta = DenseLayer(images, num_units=6, nonlinearity=None)
    >>> TransformerLayer(images, theta, downsample_factor=2).output_shape
    (None, 3, 30, 20)
    """

    def __init__(self, incoming, localization_network=None, downsample_factor=1,
                 border_mode='nearest', **kwargs):
        self.name = kwargs.pop('name', None)
        checks.keywords(self, kwargs, ['incoming', 'localization_network',
                                       'downsample_factor', 'border_mode', 'name'])
        incoming, localization_network, downsample_factor = incoming_pair(
            self, incoming, localization_network, downsample_factor)
        self.transform = as_transform(self, Affine())
        shapes = incoming_shapes(self, incoming, localization_network,
                                 ('rows', 'columns'), self.transform)
        checks.choice(self, 'border_mode', border_mode, BORDER_MODES)
        self.border_mode = border_mode
        self.downsample_factor = checks.positive_pair(
            self, 'downsample_factor', downsample_factor)
        super().__init__([incoming, localization_network], name=self.name)
        if 0 in self.output_shape[2:]:
            raise checks.refusal(
                self, 'downsample_factor', 'leave at least one pixel of %d x %d'
                % shapes[0][2:], downsample_factor)

    def get_output_shape_for(self, input_shapes):
        """Shape of the output for given shapes of images and theta."""
        images = tuple(input_shapes[0])
        return images[:2] + tuple(
            None if pixels is None else int(pixels // factor)
            for pixels, factor in zip(images[2:], self.downsample_factor))

    def get_output_for(self, inputs, **kwargs):
        """The warped images, ``(batch, channels, rows, columns)``."""
        images, theta = inputs
        size = self._output_size(images)
        grid = regular_grid(size, dtype=theta.dtype)
        points = self.transform.apply(theta, grid)
        points = points.reshape([points.shape[0], 2] + size).dimshuffle(0, 2, 3, 1)
        return sample(images, points, border_mode=self.border_mode)

    def _output_size(self, images):
        """Rows and columns of the output: numbers where known, else symbolic."""
        known = self.output_shape[2:]
        return [T.cast(images.shape[axis] // factor, 'int64') if size is None else size
                for axis, size, factor in zip((2, 3), known, self.downsample_factor)]
