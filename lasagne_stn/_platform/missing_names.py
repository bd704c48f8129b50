"""Says where to find a name that Lasagne 0.1 lacks and 0.2.dev1 has.

Programs of 2016 to 2018 use Lasagne 0.2.dev1, which PyPI never had. With Lasagne 0.1,
``from lasagne.layers import batch_norm`` raised an ImportError that did not say so.
"""

from __future__ import annotations

import dis
import sys
from functools import partial
from typing import Any

__all__ = ['INSTALL', 'NAMES', 'explain_missing_names']

INSTALL = 'pip install --upgrade https://github.com/Lasagne/Lasagne/archive/master.zip'
NAMES = {  # what Lasagne 0.2.dev1 has and 0.1 lacks
    'lasagne.layers': """
        autocrop autocrop_array_shapes batch_norm BatchNormLayer BiasLayer Conv3DLayer
        Deconv2DLayer Deconv3DLayer DilatedConv2DLayer dropout_channels
        dropout_locations ExpressionLayer instance_norm InverseLayer layer_norm
        LocallyConnected2DLayer MaxPool3DLayer ParametricRectifierLayer Pool1DLayer
        Pool3DLayer prelu RandomizedRectifierLayer rrelu ScaleLayer spatial_dropout
        SpatialPyramidPoolingLayer StandardizationLayer standardize TPSTransformerLayer
        TransformerLayer TransposedConv2DLayer TransposedConv3DLayer Upscale1DLayer
        Upscale2DLayer Upscale3DLayer
        """,
    'lasagne.nonlinearities': 'elu ScaledTanH ScaledTanh SELU selu softplus',
    'lasagne.objectives': """
        align_targets binary_accuracy binary_hinge_loss categorical_accuracy huber_loss
        multiclass_hinge_loss
        """,
    'lasagne.updates': 'adamax amsgrad',
}
OURS = ('TransformerLayer', 'TPSTransformerLayer')


def explain_missing_names() -> None:
    """Give Lasagne's modules a ``__getattr__`` that names the release with a name.

    `hasattr` stays false for such a name, and an import of it stays an ImportError.
    Modules that have all their names, or a ``__getattr__`` already, are left alone.
    """
    for name, module in list(sys.modules.items()):
        listed = NAMES.get('lasagne.layers' if _is_of_layers(name) else name)
        if listed is not None and '__getattr__' not in vars(module):
            missing = set(listed.split()) - set(vars(module))
            if missing:
                vars(module)['__getattr__'] = partial(_fail, name, missing)


def _is_of_layers(name):
    return name.startswith('lasagne.layers.')


def _fail(module: str, missing: set[str], name: str) -> Any:
    message = 'module %r has no attribute %r' % (module, name)
    if name not in missing:
        raise AttributeError(message)
    where = 'Lasagne 0.2.dev1 has it, Lasagne %s does not' % _version()
    if name in OURS:
        where += '; so does lasagne_stn'
    message = '%s: %s. Run: %s' % (message, where, INSTALL)
    if _imports_a_name(sys._getframe(1)):
        # Python would turn an AttributeError into an ImportError without our text.
        raise ImportError(message, name=module)
    raise AttributeError(message)


def _version():
    return sys.modules['lasagne'].__version__


def _imports_a_name(frame):
    """Return whether a frame is executing ``from module import name``."""
    return frame.f_code.co_code[frame.f_lasti] == dis.opmap['IMPORT_FROM']
