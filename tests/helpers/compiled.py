"""Compile functions explicitly or with fused ops, and list the fused ops."""

import theano
import theano.tensor as T

FLOAT_TYPES = ('float32', 'float64')

# Without C code, even for constant folding.
QUICK = theano.compile.get_mode('FAST_COMPILE').excluding(
    'constant_folding', 'topo_constant_folding'
)


class Way:
    """A way to compile a graph.

    Parameters
    ----------
    name : str
    mode : theano.compile.Mode
    """

    def __init__(self, name, mode):
        self.name, self.mode = name, mode

    def __repr__(self):
        return self.name

    def run(self, build, *arrays, mode=None):
        """Return the result of a graph, as a numpy array.

        `build` takes Theano variables like `arrays`, not constants: Theano would fold
        those with compiled code, which is slow to compile.
        """
        inputs = [_variable(array) for array in arrays]
        return theano.function(inputs, build(*inputs), mode=mode or self.mode)(*arrays)

    def with_gradients(self, build, *arrays, dtype=None, mode=None):
        """Return the output of a graph and its gradients, as numpy arrays.

        `build` takes Theano variables like `arrays`; the last array is the cotangent
        of the output.
        """
        arrays = [array.astype(dtype or array.dtype) for array in arrays]
        inputs = [_variable(array) for array in arrays]
        output = build(*inputs[:-1])
        gradients = T.grad(None, inputs[:-1], known_grads={output: inputs[-1]})
        return theano.function(inputs, [output] + gradients, mode=mode or self.mode)(
            *arrays
        )


EXPLICIT = Way('explicit', QUICK)
# The fused ops run in numpy here; tests of compiled ops choose another mode.
FUSED = Way('fused', QUICK.including('lasagne_stn_fuse'))
WAYS = {way.name: way for way in (EXPLICIT, FUSED)}
run, with_gradients = EXPLICIT.run, EXPLICIT.with_gradients


def _variable(array):
    return T.TensorType(array.dtype.name, (False,) * array.ndim)()


def fused_ops(function):
    """Return the names of the fused ops in a compiled function."""
    return [
        type(node.op).__name__
        for node in function.maker.fgraph.toposort()
        if type(node.op).__module__.startswith('lasagne_stn.kernels')
    ]
