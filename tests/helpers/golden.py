"""Golden cases: stored inputs, outputs and gradients of the original sources."""

import os

import numpy as np

from .compiled import FLOAT_TYPES

FOLDER = os.path.join(os.path.dirname(os.path.dirname(__file__)), 'golden')


class GoldenCase:
    """One random input, and what an original source computed from it."""

    def __init__(self, source, dtype, number, arrays):
        self.source, self.dtype, self.number = source, dtype, number
        self.arrays = arrays

    def __getitem__(self, name):
        return self.arrays['%s/%s' % (self.number, name)]

    def __getattr__(self, name):
        value = self[name]
        return value.item() if value.ndim == 0 else value

    def __repr__(self):
        return '-'.join((self.source, self.dtype, self.number))


def golden_cases(source, transform):
    """Return the cases of one source and transform, in both floating point types."""
    cases = []
    for dtype in FLOAT_TYPES:
        path = os.path.join(FOLDER, '%s-%s.npz' % (source, dtype))
        with np.load(path) as arrays:
            arrays = dict(arrays)
        for number in sorted({key.split('/')[0] for key in arrays}):
            if arrays[number + '/transform'] == transform:
                cases.append(GoldenCase(source, dtype, number, arrays))
    return cases
