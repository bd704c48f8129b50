"""numpy 1.23 no longer takes a list of slices for a tuple of slices.

Theano's pooling without C code used such lists.
"""

from .patch import Patch

__all__ = ['PATCHES']

POOL = 'theano.tensor.signal.pool'
PATCHES = [
    Patch(
        POOL,
        name + '[[region_slices[i][r[i]] for i in range(nd)]]',
        name + '[tuple(region_slices[i][r[i]] for i in range(nd))]',
    )
    for name in ('(yk', ' yk', ' eyk')
] + [Patch(POOL, 'gxk[region_slice]', 'gxk[tuple(region_slice)]')]
