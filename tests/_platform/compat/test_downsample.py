"""The pooling module that Lasagne 0.1 imports."""

import functools

import numpy as np
import theano.tensor as T


def test_pooling_works_under_its_old_name(rng):
    from theano.tensor.signal.downsample import max_pool_2d

    image = rng.normal(size=(1, 1, 4, 6))
    blocks = image.reshape(1, 1, 2, 2, 3, 2)
    pool = functools.partial(max_pool_2d, ds=(2, 2), ignore_border=True)
    for mode, numpys in ('max', np.max), ('average_inc_pad', np.mean):
        graph = pool(T.constant(image), mode=mode)
        np.testing.assert_allclose(graph.eval(), numpys(blocks, axis=(3, 5)))
    wide = pool(T.constant(image), st=(3, 4), padding=(1, 0)).eval()
    assert wide.shape == (1, 1, 2, 2)
    assert wide[0, 0, 0, 1] == image[0, 0, 0, 4:].max()
