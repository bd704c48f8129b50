"""The layer that gives a transformer's sampling grid."""

import lasagne

from .. import checks
from .transformer import TransformerLayer

__all__ = ['SamplingGridLayer']


class SamplingGridLayer(lasagne.layers.MergeLayer):
    """The source points of a transformer, for pictures and losses.

    Parameters
    ----------
    transformer : TransformerLayer
        Its two incoming layers, and so its parameters, are shared.
    name : str, optional
        Name of the layer.

    Raises
    ------
    TypeError
        If `transformer` is something else.

    Examples
    --------
    >>> warp = TransformerLayer((None, 3, 60, 40), (None, 6), output_size=(5, 4))
    >>> SamplingGridLayer(warp).output_shape
    (None, 5, 4, 2)
    """

    def __init__(self, transformer, name=None):
        self.name = name
        if not isinstance(transformer, TransformerLayer):
            raise checks.argument_error(
                self,
                'transformer',
                'be a TransformerLayer',
                transformer,
                error=TypeError,
            )
        self.transformer = transformer
        super().__init__(
            [
                layer or shape
                for layer, shape in zip(
                    transformer.input_layers, transformer.input_shapes
                )
            ],
            name=name,
        )

    def get_output_shape_for(self, input_shapes):
        """Shape of the points for given shapes of images and theta."""
        shape = self.transformer.get_output_shape_for(input_shapes)
        return shape[:1] + shape[2:] + (len(shape) - 2,)

    def get_output_for(self, inputs, **kwargs):
        """The source points, ``(batch, output rows, output columns, 2)``."""
        return self.transformer.source_points(*inputs)
