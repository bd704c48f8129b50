"""Functions that numpy 2 renamed or removed."""

from .patch import Patch

__all__ = ['PATCHES']

SCALAR = 'theano.scalar.basic'
PATCHES = [
    # A Theano variable or type where numpy wants a dtype.
    Patch(
        SCALAR,
        'return np.zeros((), dtype=dt)',
        'return np.zeros((), dtype=getattr(dt, "dtype", dt))',
    ),
    Patch(SCALAR, 'np.cast[x.type](1)', 'np.asarray(1, x.type.dtype)'),
    Patch(SCALAR, 'np.cast[x.type](2)', 'np.asarray(2, x.type.dtype)'),
    Patch(
        SCALAR,
        'np.asarray(np.pi / 180, gz.type)',
        'np.asarray(np.pi / 180, gz.type.dtype)',
    ),
    Patch(
        SCALAR,
        'np.asarray(180.0 / np.pi, gz.type)',
        'np.asarray(180.0 / np.pi, gz.type.dtype)',
    ),
    Patch(SCALAR, 'np.product(', 'np.prod('),
    Patch(SCALAR, 'sig="f"', 'dtype="f"'),
    Patch(
        'theano.tensor.nnet.bn',
        'np.cast[theano.config.floatX](epsilon)',
        'np.asarray(epsilon, dtype=theano.config.floatX)',
    ),
    Patch('theano.gof.cc', 'np.core.', 'np._core.'),
    Patch('theano.tensor.basic', 'np.AxisError', 'np.exceptions.AxisError'),
    Patch('theano.tensor.extra_ops', 'np.MAXDIMS', '-(2 ** 31)'),  # NPY_RAVEL_AXIS
    Patch(
        'theano.tensor.elemwise',
        'np.sctype2char(out_dtype)',
        'np.dtype(out_dtype).char',
    ),
    Patch(
        'theano.tensor.blas',
        'z.itemset(z * a + b * np.dot(x, y))',
        'z[()] = z * a + b * np.dot(x, y)',
    ),
    Patch(
        'theano.compile.debugmode',
        'storage_map[r][0].itemset(dr_vals[r][0])',
        'storage_map[r][0][()] = dr_vals[r][0]',
    ),
    Patch('theano.printing', 'x.tostring()', 'x.tobytes()'),
    Patch(
        'theano.gpuarray.linalg',
        'from numpy.linalg.linalg import',
        'from numpy.linalg import',
    ),
] + [
    Patch(module, 'np.ComplexWarning', 'np.exceptions.ComplexWarning')
    for module in (
        'theano.tensor.slinalg',
        'theano.tensor.nnet.conv',
        'theano.tensor.nnet.abstract_conv',
    )
]
