"""C code of Theano whose names Python or numpy removed, against numpy."""

import numpy as np
import pytest
import theano
import theano.tensor as T

from lasagne_stn._platform import toolchain
from lasagne_stn._platform.compat import c_api, scipy_blas

pytestmark = pytest.mark.skipif(
    not toolchain.find_compiler(), reason='needs a C++ compiler'
)
MODE = theano.compile.Mode('c|py', None)


@pytest.mark.parametrize('dtype', ['float32', 'float64', 'int64'])
def test_elements_that_index_arrays_name_are_set_and_added_to(dtype, rng):
    x = T.TensorType(dtype, (False, False))('x')
    rows, columns = T.lvectors('rows', 'columns')
    y = T.TensorType(dtype, (False,))('y')
    chosen = x[rows, columns]
    graphs = [T.inc_subtensor(chosen, y), T.set_subtensor(chosen, y)]
    array = rng.integers(-9, 9, (4, 5)).astype(dtype)
    added = rng.integers(-9, 9, 6).astype(dtype)
    index = np.array([0, 3, 0, 0, 2, 3]), np.array([1, 4, 1, 2, 0, -1])
    function = theano.function([x, rows, columns, y], graphs, mode=MODE)
    increased, changed = function(array, *index, added)
    expected = array.copy()
    for row, column, number in zip(*index, added):
        expected[row, column] += number
    np.testing.assert_array_equal(increased, expected)
    expected = array.copy()
    for row, column, number in zip(*index, added):
        expected[row, column] = number  # the last one stays
    np.testing.assert_array_equal(changed, expected)


def test_an_index_outside_raises_an_error(rng):
    x, rows = T.dmatrix('x'), T.lvector('rows')
    graph = T.inc_subtensor(x[rows, rows], 1.0)
    function = theano.function([x, rows], graph, mode=MODE)
    assert function(np.zeros((4, 5)), [1, 1])[1, 1] == 2
    with pytest.raises(IndexError, match='index 4 is out of bounds'):
        function(np.zeros((4, 5)), [1, 4])


def test_an_axis_of_none_means_all_axes(rng):
    x = T.dmatrix('x')
    graphs = [T.argmax(x), T.cumsum(x), T.cumprod(x), x.take([7, 1]), T.max(x)]
    array = rng.normal(size=(3, 4))
    found = theano.function([x], graphs, mode=MODE)(array)
    expected = [
        np.argmax(array),
        np.cumsum(array),
        np.cumprod(array),
        array.take([7, 1]),
        np.max(array),
    ]
    for one, other in zip(found, expected):
        np.testing.assert_allclose(one, other, rtol=1e-12)


@pytest.mark.parametrize('dtype', ['complex64', 'complex128'])
def test_complex_numbers_are_computed_in_c(dtype, rng):
    x = T.TensorType(dtype, (False,))('x')
    array = (rng.normal(size=5) + 1j * rng.normal(size=5)).astype(dtype)
    graphs = [x * x + x, T.real(x), T.imag(x), abs(x)]
    found = theano.function([x], graphs, mode=MODE)(array)
    expected = [array * array + array, array.real, array.imag, abs(array)]
    for one, other in zip(found, expected):
        assert one.dtype == other.dtype
        np.testing.assert_allclose(one, other, rtol=1e-5)


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
def test_matrix_products_use_the_linked_library(dtype, rng):
    x, y = (T.TensorType(dtype, (False, False))(name) for name in 'xy')
    v = T.TensorType(dtype, (False,))('v')
    fast = theano.compile.get_mode('FAST_RUN')
    function = theano.function([x, y, v], [2 * T.dot(x, y), T.dot(x, v)], mode=fast)
    names = {type(node.op).__name__ for node in function.maker.fgraph.toposort()}
    arrays = [rng.normal(size=size).astype(dtype) for size in ((3, 4), (4, 5), (4,))]
    product, vector = function(*arrays)
    np.testing.assert_allclose(product, 2 * arrays[0] @ arrays[1], rtol=1e-4)
    np.testing.assert_allclose(vector, arrays[0] @ arrays[2], rtol=1e-4)
    assert names & {'Gemm', 'Dot22', 'Dot22Scalar'} and names & {'Gemv', 'CGemv'}


def test_the_header_comes_behind_all_flags():
    library = '-Wl,/x/scipy.libs/libscipy_openblas-1.so'
    text, flags = c_api.adapt('m1', 'dgemm_(a); mydgemm_(b);', ['-O3', library])
    assert text == 'scipy_dgemm_(a); mydgemm_(b);'
    assert flags[:2] == ['-O3', library]
    assert flags[-2:] == ['-include', c_api.HEADER]
    text, flags = c_api.adapt('m1', 'dgemm_(a);', ['-O3', '-lblas'])
    assert (text, flags[:2]) == ('dgemm_(a);', ['-O3', '-lblas'])
    assert not scipy_blas.is_linked(['-lopenblas'])
