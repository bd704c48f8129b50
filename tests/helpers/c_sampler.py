"""The C++ sampler as tests call it: inputs of a call, and libraries that compute it."""

import ctypes
import pathlib
import struct
import subprocess

import numpy as np

import lasagne_stn

TESTS = pathlib.Path(__file__).resolve().parents[1]
DRIVERS = TESTS / 'kernels' / 'sampling' / 'c_code'
HEADERS = pathlib.Path(lasagne_stn.__file__).parent / 'kernels' / 'sampling' / 'c_code'
WARNINGS = [
    '-Wall',
    '-Wextra',
    '-Werror',  # the last two are for the
    '-Wno-maybe-uninitialized',
    '-Wno-uninitialized',
]  # compiler's own headers
BORDERS = ['nearest', 'mirror', 'wrap', 'reflect', 'constant']


def compile_driver(source, target, options, compiler='g++'):
    """Compile one of the C++ files beside the tests; warnings are errors."""
    subprocess.check_call(
        [compiler, '-std=c++11', '-I', str(HEADERS)]
        + WARNINGS
        + options
        + ['-o', str(target), str(DRIVERS / source)]
    )


class Library:
    """The sampler in a shared library for this machine."""

    def __init__(self, target, options):
        compile_driver('sample_driver.cpp', target, ['-fPIC', '-shared'] + options)
        self.functions = ctypes.CDLL(str(target))

    def call(self, name, case, inputs, outputs):
        """Call a function, which writes into the outputs; None stands for NULL."""
        sizes = case.sizes()
        return self.functions[name](
            *map(_pointer, inputs + outputs),
            case.dims,
            (ctypes.c_long * len(sizes))(*sizes),
            int(case.affine),
            BORDERS.index(case.border),
            ctypes.c_double(case.border_value),
            int(case.align_corners),
        )


def _pointer(array):
    return None if array is None else array.ctypes.data_as(ctypes.c_void_p)


class EmulatedLibrary:
    """The sampler in a program for another processor, which an emulator runs.

    ``serve.cpp`` says what is written to the program and read from it.
    """

    def __init__(self, command):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def call(self, name, case, inputs, outputs):
        """Call a function, which writes into the outputs; None stands for NULL."""
        arrays, sizes = inputs + outputs, case.sizes()
        self.process.stdin.write(
            struct.pack(
                '<32s6id%dq' % (8 + len(arrays)),
                name.encode(),
                case.dims,
                int(case.affine),
                BORDERS.index(case.border),
                int(case.align_corners),
                len(inputs),
                len(outputs),
                case.border_value,
                *sizes,
                *[0] * (8 - len(sizes)),
                *[-1 if array is None else array.nbytes for array in arrays],
            )
        )
        for array in arrays:
            if array is not None:
                self.process.stdin.write(array.tobytes())
        self.process.stdin.flush()
        (status,) = struct.unpack('<i', self.process.stdout.read(4))
        for array in outputs:
            if array is not None:
                data = self.process.stdout.read(array.nbytes)
                array[...] = np.frombuffer(data, array.dtype).reshape(array.shape)
        return status

    def close(self):
        """End the program; its exit status must be 0."""
        self.process.stdin.close()
        self.process.stdout.close()
        assert self.process.wait() == 0


class Case:
    """Inputs of one call, in the sampler's own layout."""

    def __init__(
        self,
        images,
        coords,
        out_shape,
        affine=True,
        border='nearest',
        border_value=0.0,
        align_corners=True,
        interpolation='bilinear',
    ):
        self.interpolation = interpolation
        self.images, self.coords = images, coords
        self.dtype = images.dtype
        self.batch, self.channels = images.shape[:2]
        self.in_shape, self.out_shape = images.shape[2:], tuple(out_shape)
        self.dims = len(self.in_shape)
        self.affine, self.border = affine, border
        self.border_value, self.align_corners = border_value, align_corners

    def sizes(self):
        return (self.batch, self.channels) + self.in_shape + self.out_shape

    def type_name(self):
        name = {'float32': 'float', 'float64': 'double'}[self.dtype.name]
        return name if self.interpolation == 'bilinear' else name + '_nearest'

    def sample(self, library):
        output = np.full((self.batch, self.channels) + self.out_shape, 777, self.dtype)
        name = 'sample_' + self.type_name()
        assert library.call(name, self, [self.images, self.coords], [output]) == 0
        return output

    def gradient(self, library, grad_output, images=True, coords=True):
        grad_images = np.full(self.images.shape, 777, self.dtype) if images else None
        grad_coords = np.full(self.coords.shape, 777, self.dtype) if coords else None
        inputs = [self.images, self.coords, grad_output]
        name = 'sample_gradient_' + self.type_name()
        assert library.call(name, self, inputs, [grad_images, grad_coords]) == 0
        return grad_images, grad_coords
