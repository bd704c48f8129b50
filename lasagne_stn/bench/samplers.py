"""The contenders: each builds a function for a case and times or runs it.

They run in separate processes, see :mod:`lasagne_stn.bench.remote`.
"""

from __future__ import annotations

import gc
from typing import Any, Callable

import numpy as np
import theano
import theano.tensor as T
from lasagne.layers import InputLayer, get_output
from theano.gof.op import OpenMPOp

from .. import config
from ..layers import TransformerLayer
from .cases import Shape, arrays_of, bytes_moved, make_inputs
from .remote import seconds_per_call

__all__ = ['Contender', 'TheanoSampler', 'TorchSampler', 'MemoryCopy']


class Contender:
    """One way to do the work of a case."""

    def __init__(self):
        self._function = None

    def __repr__(self):
        return '%s()' % type(self).__name__

    def load(self, shape: Shape, work: str, theta: str) -> None:
        """Build the function for a case after freeing the previous one's memory.

        Parameters
        ----------
        shape : Shape
            Sizes of the images and the output.
        work : str
            A key of ``WORKS``.
        theta : str
            One of ``THETAS``.
        """
        self._function = None
        gc.collect()
        self._function = self.make(shape, work, *make_inputs(shape, theta))

    def make(self, shape: Shape, work: str, *arrays: np.ndarray) -> Callable:
        """Return a function without arguments that does the work of a case.

        The arrays are images, theta and the gradient with respect to the output.
        """
        raise NotImplementedError

    def time(self) -> float:
        """Measure the seconds of one call after warming up."""
        return seconds_per_call(self._function)

    def results(self) -> list[np.ndarray]:
        """Return the arrays that the function computes."""
        return [np.array(array) for array in self._function()]


class TheanoSampler(Contender):
    """The compiled layer.

    Only the layer is timed: its inputs are shared variables, its outputs are returned
    without a copy, and gradients start from a given gradient of the output.

    Parameters
    ----------
    fused : bool
        Whether to use the fused ops instead of the explicit graph.
    fast_path : bool, optional
        See :mod:`lasagne_stn.config`.
    mode : str or theano.Mode, optional
        Mode that functions are compiled in.

    Raises
    ------
    RuntimeError
        By `load`, if fused ops are missing in the compiled graph or not expected there.
    """

    kernels = 'lasagne_stn.kernels'  # package of the fused ops

    def __init__(self, fused: bool, fast_path: bool = True, mode: Any = 'FAST_RUN'):
        super().__init__()
        config.fast_path = fast_path
        self._fused = fused
        mode = theano.compile.get_mode(mode)
        self._mode = mode if fused else mode.excluding('lasagne_stn_fuse')

    def to_output(self, value: Any) -> Any:
        """Convert a variable of the graph to an output of the function."""
        return value

    def make(self, shape: Shape, work: str, *arrays: np.ndarray) -> Callable:
        """See :class:`Contender`."""
        self.inputs = [theano.shared(array, borrow=True) for array in arrays]
        images, theta, cotangent = self.inputs
        layer = TransformerLayer(
            InputLayer((None,) + shape.images[1:], images),
            InputLayer((None, 6), theta),
            shape.downsample,
        )
        output = get_output(layer)
        inputs = {'grad_images': images, 'grad_theta': theta}
        wrt = [inputs[name] for name in arrays_of(work)[1:]]
        outputs = [output] + (
            T.grad(None, wrt, known_grads={output: cotangent}) if wrt else []
        )
        function = theano.function(
            [],
            [theano.Out(self.to_output(value), borrow=True) for value in outputs],
            mode=self._mode,
        )
        found = [
            node
            for node in function.maker.fgraph.toposort()
            if type(node.op).__module__.startswith(self.kernels)
        ]
        if bool(found) != self._fused:
            raise RuntimeError(
                'the compiled graph has %d fused ops; run lasagne-stn doctor to see '
                'whether there is a compiler' % len(found)
            )
        return function


class TorchSampler(Contender):
    """PyTorch's ``affine_grid`` and ``grid_sample``, with our border and pixel rule.

    Parameters
    ----------
    threads : int
        Number of threads.
    """

    device = 'cpu'

    def __init__(self, threads: int):
        super().__init__()
        import torch

        torch.set_num_threads(threads)

    def make(self, shape: Shape, work: str, *arrays: np.ndarray) -> Callable:
        """See :class:`Contender`."""
        import torch
        from torch.nn.functional import affine_grid, grid_sample

        images, theta, cotangent = [
            torch.from_numpy(array).to(self.device) for array in arrays
        ]
        theta = theta.reshape(-1, 2, 3)
        inputs = {'grad_images': images, 'grad_theta': theta}
        wrt = [inputs[name].requires_grad_() for name in arrays_of(work)[1:]]

        def forward():
            grid = affine_grid(theta, shape.output, align_corners=True)
            return grid_sample(images, grid, 'bilinear', 'border', align_corners=True)

        def function():
            if not wrt:
                with torch.no_grad():
                    return [forward()]
            output = forward()
            return [output, *torch.autograd.grad(output, wrt, grad_outputs=cotangent)]

        return function

    def results(self) -> list[np.ndarray]:
        """See :class:`Contender`."""
        arrays = [tensor.detach().cpu().numpy() for tensor in self._function()]
        return [
            array.reshape(-1, 6) if array.shape[1:] == (2, 3) else array
            for array in arrays
        ]


class MemoryCopy(Contender):
    """A copy of as many bytes as the work must move: the limit set by memory.

    Half of the bytes are read and half are written. Each thread copies one block, and
    the target has been written before.
    """

    def make(self, shape: Shape, work: str, *arrays: np.ndarray) -> Callable:
        """See :class:`Contender`."""
        source = np.ones(bytes_moved(shape, work) // 8, 'float32')
        mode = theano.Mode(
            theano.compile.get_mode('FAST_RUN').linker.clone(allow_gc=False), 'fast_run'
        )
        output = theano.Out(_Copy()(theano.shared(source, borrow=True)), borrow=True)
        return theano.function([], output, mode=mode)


class _Copy(OpenMPOp):
    """Copy a vector with all threads."""

    __props__ = ()

    def __init__(self):
        super().__init__(openmp=True)

    def make_node(self, source):
        return theano.Apply(self, [source], [source.type()])

    def perform(self, node, inputs, outputs):
        outputs[0][0] = inputs[0].copy()

    def c_code_cache_version(self):
        return (1,)

    def c_headers(self):
        return super().c_headers() + ['<string.h>']

    def c_code(self, node, name, inputs, outputs, sub):
        return """
        if (!%(target)s || PyArray_DIM(%(target)s, 0) != PyArray_DIM(%(source)s, 0)) {
          Py_XDECREF(%(target)s);
          %(target)s = (PyArrayObject*)PyArray_SimpleNew(1, PyArray_DIMS(%(source)s),
                                                         PyArray_TYPE(%(source)s));
          if (!%(target)s) %(fail)s;
        }
        {
          const npy_intp bytes = PyArray_NBYTES(%(source)s), piece = 64;
          const char* from = PyArray_BYTES(%(source)s);
          char* to = PyArray_BYTES(%(target)s);
        #pragma omp parallel
          {
            npy_intp threads = 1, thread = 0;
        #ifdef _OPENMP
            threads = omp_get_num_threads();
            thread = omp_get_thread_num();
        #endif
            const npy_intp start = bytes / piece * thread / threads * piece;
            const npy_intp stop = thread + 1 == threads
                ? bytes : bytes / piece * (thread + 1) / threads * piece;
            memcpy(to + start, from + start, stop - start);
          }
        }
        """ % dict(sub, name=name, source=inputs[0], target=outputs[0])
