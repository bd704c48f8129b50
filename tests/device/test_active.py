"""The device is in use, and what it computes there is right."""

import numpy as np
import theano
import theano.tensor as T
from theano.gpuarray.type import GpuArrayType, get_context

from lasagne_stn.warping import warp_image


def test_a_function_computes_on_the_device(rng):
    x, y = T.matrices('xy')
    function = theano.function([x, y], T.exp(T.dot(x, y)), mode='FAST_RUN')
    one, other = rng.normal(size=(3, 5)), rng.normal(size=(5, 2))
    found = function(one.astype('float32'), other.astype('float32'))
    np.testing.assert_allclose(found, np.exp(one @ other), rtol=1e-5)
    names = [type(node.op).__name__ for node in function.maker.fgraph.toposort()]
    assert {'GpuFromHost', 'HostFromGpu', 'GpuElemwise'} <= set(names)
    assert not {'Elemwise', 'Dot22', 'Gemm'} & set(names)


def test_shared_variables_live_on_the_device():
    kind = theano.config.device.rstrip('0123456789:')
    assert get_context(None).kind == kind.encode()
    assert isinstance(theano.shared(np.zeros(2, 'float32')).type, GpuArrayType)


def test_pictures_do_without_the_device():
    points, warped = warp_image(np.eye(3), [[0.5, 0, 0.5], [0, 0.5, 0.5]])
    np.testing.assert_array_equal(points[0, 0], [0, 0])
    np.testing.assert_allclose(np.diag(warped), [1, 0.5, 1])
