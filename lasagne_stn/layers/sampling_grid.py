"""The layer that returns the sampling grid of a transformer."""

from __future__ import annotations

from typing import Sequence

import lasagne
from theano import Variable

from .. import checks
from .description import describe_layer
from .transformer import TransformerLayer

__all__ = ['SamplingGridLayer']


class SamplingGridLayer(lasagne.layers.MergeLayer):
    """The source points of a transformer, for pictures and losses.

    Parameters
    ----------
    transformer : TransformerLayer
        Its two incoming layers are shared, and with them their parameters.
    name : str, optional
        Name of the layer.

    Raises
    ------
    TypeError
        If `transformer` is not a TransformerLayer.

    Examples
    --------
    >>> warp = TransformerLayer((None, 3, 60, 40), (None, 6), output_size=(5, 4))
    >>> SamplingGridLayer(warp)
    SamplingGridLayer(Affine(), output (None, 5, 4, 2))
    """

    def __init__(self, transformer: TransformerLayer, name: str | None = None) -> None:
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
        layers = zip(transformer.input_layers, transformer.input_shapes)
        super().__init__([layer or shape for layer, shape in layers], name=name)

    def __repr__(self) -> str:
        return describe_layer(self, self.transformer.transform)

    def get_output_shape_for(self, input_shapes):
        """Return the shape of the points for given shapes of images and theta."""
        shape = self.transformer.get_output_shape_for(input_shapes)
        return shape[:1] + shape[2:] + (len(shape) - 2,)

    def get_output_for(self, inputs: Sequence[Variable], **kwargs) -> Variable:
        """Return the source points, ``(batch, output rows, output columns, 2)``."""
        return self.transformer.source_points(*inputs)
