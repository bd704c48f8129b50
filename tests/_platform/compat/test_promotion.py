"""Dtypes and values of graphs are those of numpy 1.23, on any numpy."""

import copy
from pathlib import Path

import numpy as np
import pytest
import theano
import theano.tensor as T
from theano.sandbox.rng_mrg import MRG_RandomStreams

from helpers import promotions
from lasagne_stn._platform.compat.as_before import dtype_of, whole_numbers

pytestmark = pytest.mark.usefixtures('float64')

FOLDER = Path(__file__).parent / 'promotions'


def table(name):
    return (FOLDER / (name + '.txt')).read_text().splitlines()


@pytest.mark.parametrize('constant', promotions.CONSTANTS)
def test_dtypes_of_graphs_with_a_constant(constant):
    expected = [line for line in table('dtypes') if line.split(' ')[0] == constant]
    assert len(expected) == len(promotions.OPERATIONS)
    assert list(promotions.dtype_lines(constant)) == expected


@pytest.mark.parametrize('group', promotions.GROUPS)
def test_values_with_and_without_optimisations(group):
    assert list(promotions.value_lines(group)) == table(group)


@pytest.mark.parametrize(
    'value, dtype',
    [
        (1.1, 'float64'),
        (0.5, 'float32'),
        (np.float32(1.1), 'float32'),
        (100, 'int8'),
        (-129, 'int16'),
        (2**31, 'int64'),
    ],
)
def test_a_constant_takes_the_smallest_dtype_that_holds_it_exactly(value, dtype):
    with theano.configparser.change_flags(floatX='float64'):
        constant = T.constant(value)
        graph = T.constant(value) + T.scalar(dtype=dtype)
    assert constant.dtype == graph.dtype == dtype
    assert constant.data == np.asarray(value, dtype)


def test_inverses_have_the_accuracy_of_their_dtype():
    inverse = theano.scalar.inv.impl
    for value in (3.0, np.float64(3), 3):
        assert float(inverse(value)) == 1 / 3
    found = inverse(np.float32(3))
    assert (found.dtype, found) == (np.float32, np.float32(1) / np.float32(3))


def test_integers_that_python_computes_wrap_around():
    x, y = T.bvector('x'), T.bvector('y')
    small = theano.scalar.Scalar('int8')
    a, b = small('a'), small('b')
    op = T.Elemwise(theano.scalar.Composite([a, b], [a + a - b]))
    mode = theano.compile.Mode('py', None)
    values = np.array([100, -127, 5], 'int8'), np.array([0, 3, 127], 'int8')
    expected = [(2 * int(i) - int(j) + 128) % 256 - 128 for i, j in zip(*values)]
    found = theano.function([x, y], op(x, y), mode=mode)(*values)
    assert (found.dtype, found.tolist()) == (np.int8, expected)
    x, y = T.bscalar('x'), T.bscalar('y')
    found = theano.function([x, y], op(x, y), mode=mode)(100, 0)
    assert (found.dtype, found) == (np.int8, -56)


def test_python_reduces_an_empty_array_of_unsigned_integers():
    op = T.elemwise.CAReduce(theano.scalar.and_)
    x = T.matrix(dtype='uint8')
    run = theano.function([x], op(x), mode=theano.compile.Mode('py', None))
    assert run(np.zeros((0, 3), 'uint8')) == 255  # -1 in eight bits


def test_the_copy_of_a_random_state_does_not_advance_it():
    state = T.raw_random.random_state_type('state')
    new, drawn = T.raw_random.uniform(state, (3,))
    run = theano.function([state], [new, drawn])
    generator = np.random.RandomState(5)
    before = copy.deepcopy(generator)
    advanced, numbers = run(generator)
    np.testing.assert_array_equal(numbers, before.uniform(size=3))
    np.testing.assert_array_equal(advanced.uniform(size=4), before.uniform(size=4))
    np.testing.assert_array_equal(generator.uniform(size=3), numbers)


@pytest.mark.parametrize('dtype', ['float16', 'float32', 'float64'])
def test_random_numbers_that_python_draws_are_those_of_the_c_code(dtype):
    def drawn(mode):
        numbers = MRG_RandomStreams(7).uniform((2, 50), dtype=dtype)
        return theano.function([], numbers, mode=mode)()

    found = drawn(theano.compile.Mode('py', None))
    assert found.dtype == dtype and 0 < found.min() < 0.1 and 0.9 < found.max() <= 1
    if theano.config.cxx and dtype != 'float16':  # which has no C code
        compiled = drawn(theano.compile.Mode('c|py', None))
        np.testing.assert_allclose(found, compiled, rtol=np.finfo(dtype).eps)


@pytest.mark.parametrize('dtype', ['int8', 'uint8', 'int64', 'uint64', 'bool'])
def test_python_integers_are_converted_as_by_a_cast_in_c(dtype):
    dtype = np.dtype(dtype)
    for value in (300, -1, -129, 2**40 + 7, [5, -3], [[128], [-200]]):
        found = np.asarray(whole_numbers(value, dtype), dtype)
        np.testing.assert_array_equal(found, np.array(value, 'int64').astype(dtype))


def test_values_that_are_not_integers_stay_as_they_are():
    for value in (1.5, [1, 2.5], 'text', 2**64 - 1, np.arange(3)):
        assert whole_numbers(value, np.dtype('int8')) is value
    assert whole_numbers(3, np.dtype('float32')) == 3
    large = np.array([2**64 - 1, 1], object)
    assert whole_numbers(large, np.dtype('uint64')) is large
    with pytest.raises(OverflowError):
        np.asarray(whole_numbers(2**64, np.dtype('int8')), 'int8')


def test_a_variable_stands_for_its_dtype():
    assert dtype_of(T.fvector()) == dtype_of(T.fvector) == 'float32'
    assert theano._asarray([1, 2], T.fvector().type).dtype == 'float32'
    kept = np.dtype('int16')
    assert dtype_of(kept) is kept
