"""numpy 2 computes other dtypes and values than numpy 1, mostly without an error.

NEP 50 [1]_ made Python numbers weak: they take the dtype of the numpy array or scalar
that they are combined with. Theano relies on comparisons to choose the dtype of a
constant, and on numpy scalars to compute with it.

- ``1.1 == np.float32(1.1)`` is now true, so constants in float64 graphs became float32.
- Converting 300 to int8 raises an OverflowError. Theano took it for an integer beyond
  int64 and made it uint64, which turned graphs of integers into float64.
- Integers that Python computes, where there is no C code, raise an OverflowError if
  they do not fit. They wrapped around, as in C.
- ``np.float32(1) / 3.0`` now has float32 accuracy.
- ``np.int32(1) & 0xffffffff`` raises an OverflowError, and with it random numbers that
  Python draws, as for dropout where there is no compiler.
- ``copy(RandomState)`` now shares the generator's state, so drawing from the copy
  advanced the original.

References
----------
.. [1] https://numpy.org/neps/nep-0050-scalar-promotion.html
"""

from .patch import Patch

__all__ = ['PATCHES']

AS_BEFORE = 'from %s.as_before import dtype_of, whole_numbers' % __package__
PATCHES = [
    Patch(
        'theano.misc.safe_asarray',
        'import numpy as np\n\n',
        'import numpy as np\n%s\n' % AS_BEFORE,
    ),
    Patch('theano.misc.safe_asarray', 'np.dtype(dtype)', 'np.dtype(dtype_of(dtype))'),
    Patch(
        'theano.misc.safe_asarray',
        'np.asarray(a, dtype=dtype, order=order)',
        'np.asarray(whole_numbers(a, dtype), dtype=dtype, order=order)',
    ),
    # Results of Python functions, as arrays of objects and as Python numbers.
    Patch(
        'theano.tensor.elemwise',
        'getattr(variable, "dtype", "") == "object"',
        'getattr(variable, "dtype", "object") == "object"',
    ),
    Patch(
        'theano.tensor.elemwise',
        'variable = np.asarray(variable, dtype=nout.dtype)',
        'variable = theano._asarray(variable, dtype=nout.dtype)',
    ),
    Patch(
        'theano.tensor.elemwise',
        'variable.fill(self.scalar_op.identity)',
        'variable.fill(np.asarray(self.scalar_op.identity).astype(variable.dtype))',
    ),
    Patch('theano.scalar.basic', 'np.all(x == x_)', 'np.all(np.asarray(x) == x_)'),
    Patch(
        'theano.scalar.basic', 'np.float32(1.0) / x', 'np.float32(1.0) / np.asarray(x)'
    ),
    Patch(
        'theano.tensor.raw_random',
        'from copy import copy\n',
        'from copy import deepcopy as copy\n',
    ),
    Patch('theano.sandbox.rng_mrg', '& mask)', '& np.int64(mask))'),
]
