"""numpy 1.24 removed the aliases of Python's own types, ``np.bool`` and ``np.complex``.

One failure was silent: Theano takes any error of ``np.complex(data)`` to mean that the
data are not a scalar, so it no longer recognised constants. The names ``bool`` and
``complex`` themselves are symbolic types and operations in Theano's modules.
"""

from .patch import Patch

__all__ = ['PATCHES']

PATCHES = [
    Patch(
        'theano.scalar.basic',
        'self.ctor = getattr(np, o_type.dtype)',
        'self.ctor = {"bool": builtin_bool}.get(o_type.dtype) or '
        'getattr(np, o_type.dtype)',
    ),
    Patch(
        'theano.scalar.basic',
        'isinstance(x, np.complex) or isinstance(y, np.complex)',
        'isinstance(x, builtin_complex) or isinstance(y, builtin_complex)',
    ),
    Patch('theano.scalar.basic', 'np.complex(x, y)', 'builtin_complex(x, y)'),
    # numpy 2.5 no longer converts an array with one element to a Python number.
    Patch('theano.tensor.basic', 'np.complex(data)', 'python_complex(data.item())'),
    Patch(
        'theano.scalar.sharedvar',
        'value = getattr(np, dtype)(value)',
        'value = np.dtype(dtype).type(value)',
    ),
]
