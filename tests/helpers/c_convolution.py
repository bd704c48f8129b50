"""The C++ convolution as tests call it: a library for each set of its arguments."""

from __future__ import annotations

import ctypes
import pathlib
import subprocess

import numpy as np

import lasagne_stn

TESTS = pathlib.Path(__file__).resolve().parents[1]
DRIVER = TESTS / 'kernels' / 'convolution' / 'c_code' / 'driver.cpp'
KERNELS = pathlib.Path(lasagne_stn.__file__).parent / 'kernels'
FOLDERS = [KERNELS / 'c_code', KERNELS / 'convolution' / 'c_code']
C_TYPES = {'float32': 'float', 'float64': 'double'}


class Library:
    """Forward and backward of one method, tile size, pooling and activation."""

    def __init__(
        self, target, method, dtype, size, pool, relu, options, compiler='g++'
    ):
        self.dtype, self.pool, self.relu = dtype, pool, relu
        arguments = '<%s, %d, %d, %s>' % (C_TYPES[dtype], size, pool, str(relu).lower())
        subprocess.check_call(
            [compiler, '-shared', '-fPIC', '-Wall', '-Wextra', '-Werror', '-Wno-psabi']
            + ['-I%s' % folder for folder in FOLDERS]
            + ['-DSTN_METHOD=' + method + arguments]
            + ['-DSTN_TYPE=' + C_TYPES[dtype], '-DSTN_POOL=%d' % pool]
            + options
            + ['-o', str(target), str(DRIVER)]
        )
        self.functions = ctypes.CDLL(str(target))

    def _sizes(self, images, weights, pads, flip, whole_windows_only):
        sizes = [images.shape[0], images.shape[1], len(weights), int(flip)]
        for axis in (0, 1):
            sizes += [images.shape[2 + axis], weights.shape[2 + axis], pads[axis][0]]
            sizes += [sum(pads[axis]), int(whole_windows_only)]
        return (ctypes.c_long * len(sizes))(*sizes)

    def forward(self, images, weights, bias, pads, flip, whole_windows_only):
        """Return the output and the mask."""
        pooled = []
        for axis in (0, 1):
            used = images.shape[2 + axis] + sum(pads[axis])
            used -= weights.shape[2 + axis] - 1
            pooled.append(
                used // self.pool if whole_windows_only else -(-used // self.pool)
            )
        output = np.full((len(images), len(weights), *pooled), np.nan, self.dtype)
        mask = np.zeros((len(images), *pooled, -(-len(weights) // 16) * 16), 'uint16')
        self.functions.forward(
            self._sizes(images, weights, pads, flip, whole_windows_only),
            ctypes.c_double(0.5),
            *map(_pointer, [images, weights, bias, output, mask]),
        )
        return output, mask

    def backward(
        self, images, weights, mask, gradient, pads, flip, whole_windows_only, slope
    ):
        """Return the gradients with respect to images, weights and bias."""
        results = [
            np.full(shape, np.nan, self.dtype)
            for shape in (images.shape, weights.shape, len(weights))
        ]
        self.functions.backward(
            self._sizes(images, weights, pads, flip, whole_windows_only),
            ctypes.c_double(slope),
            *map(_pointer, [images, weights, mask, gradient, *results]),
        )
        return results


def _pointer(array):
    assert array is None or array.flags.c_contiguous
    return None if array is None else array.ctypes.data_as(ctypes.c_void_p)
