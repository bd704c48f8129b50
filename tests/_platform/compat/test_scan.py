"""Loops of Theano, in C where it compiles them, against loops of numpy."""

import os
import pathlib
import re
import subprocess
import sys

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T

from helpers import oracle
from lasagne_stn import TransformerLayer
from lasagne_stn._platform import toolchain

pytestmark = pytest.mark.usefixtures('float64')

ROOT = str(pathlib.Path(__file__).resolve().parents[3])
needs_compiler = pytest.mark.skipif(
    not toolchain.find_compiler(), reason='needs a C++ compiler'
)
FAST = theano.compile.get_mode('FAST_RUN')
# Only scan's own loop is in C, so that little is compiled.
LOOP_IN_C = theano.compile.Mode(theano.gof.vm.VM_Linker(), 'fast_compile')


def compiled(inputs, outputs, mode=LOOP_IN_C):
    """Return a function, and check that each of its scans is there."""
    function = theano.function(inputs, outputs, mode=mode)
    nodes = function.maker.fgraph.toposort()
    assert any(isinstance(node.op, theano.scan_module.scan_op.Scan) for node in nodes)
    return function


@pytest.mark.smoke
@needs_compiler
def test_the_loop_is_in_c():
    from theano.scan_module import scan_perform_ext

    folder = os.path.join(theano.config.compiledir, 'scan_perform')
    module = sys.modules[scan_perform_ext.perform.__module__]
    assert os.path.dirname(module.__file__) == folder
    assert 'numpy' + np.__version__ in folder


@pytest.mark.smoke
def test_a_sum_with_taps_of_sequences_and_outputs(rng):
    sequence, start = T.dvectors('sequence', 'start')
    output, _ = theano.scan(
        lambda before, after, older, last: before * after + 0.5 * older - last,
        sequences=dict(input=sequence, taps=[-2, 1]),
        outputs_info=dict(initial=start, taps=[-3, -1]),
    )
    values, first = rng.normal(size=9), rng.normal(size=3)
    found = compiled([sequence, start], output)(values, first)
    expected = list(first)
    for step in range(2, 8):
        product = values[step - 2] * values[step + 1]
        expected.append(product + 0.5 * expected[-3] - expected[-1])
    np.testing.assert_allclose(found, expected[3:], rtol=1e-12)


def test_several_outputs_with_and_without_memory(rng):
    rows, scale = T.dmatrix('rows'), T.dscalar('scale')
    (total, square), _ = theano.scan(
        lambda row, total, scale: [total + scale * row, row**2],
        sequences=rows,
        outputs_info=[T.zeros_like(rows[0]), None],
        non_sequences=scale,
        go_backwards=True,
    )
    values = rng.normal(size=(4, 3))
    found = compiled([rows, scale], [total, square])(values, 1.5)
    backwards = values[::-1]
    for step in range(4):
        expected = 1.5 * sum(backwards[: step + 1])
        np.testing.assert_allclose(found[0][step], expected, rtol=1e-12)
        np.testing.assert_allclose(found[1][step], backwards[step] ** 2, rtol=1e-12)


def test_the_last_value_only_and_a_loop_that_ends_early():
    start, limit = T.dscalar('start'), T.dscalar('limit')
    output, _ = theano.scan(
        lambda value, limit: (
            2 * value,
            theano.scan_module.until(value > limit),
        ),
        outputs_info=start,
        non_sequences=limit,
        n_steps=30,
    )
    function = compiled([start, limit], [output[-1], output.shape[0]], mode=FAST)
    last, steps = function(3.0, 100.0)
    value, count = 3.0, 0
    while count < 30:
        value, count, ended = 2 * value, count + 1, value > 100
        if ended:
            break
    assert (last, steps) == (value, count) == (384.0, 7)


def test_gradients_through_time(rng):
    sequence, weight = T.dvector('sequence'), T.dscalar('weight')
    output, _ = theano.scan(
        lambda value, state, weight: T.tanh(weight * state + value),
        sequences=sequence,
        outputs_info=np.float64(0.3),
        non_sequences=weight,
    )
    gradients = T.grad((output**2).sum(), [sequence, weight])
    function = compiled([sequence, weight], gradients)
    values = rng.normal(size=5)

    def loss(arguments):
        state, total = 0.3, 0.0
        for value in arguments[:-1]:
            state = np.tanh(arguments[-1] * state + value)
            total += state**2
        return np.array([total])

    arguments = np.append(values, 0.7)
    expected = oracle.numeric_gradient(loss, arguments, np.ones(1))
    found = np.append(*function(values, 0.7))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.smoke
@needs_compiler
def test_negative_integers_stay_negative():
    from theano.scan_module import scan_perform_ext

    steps = T.lscalar('steps')
    output, _ = theano.scan(
        lambda value: value - 3, outputs_info=T.constant(np.int64(-5)), n_steps=steps
    )
    function = compiled([steps], output)
    assert function(4).tolist() == [-8, -11, -14, -17]
    length, number = T.lscalar('length'), T.lscalar('number')
    repeated, _ = theano.scan(
        lambda number: 2 * number, n_steps=length, non_sequences=number
    )
    function = compiled([length, number], repeated)
    assert function(3, -4).tolist() == [-8, -8, -8]
    with pytest.raises(IndexError, match='negative number of step -2'):
        function(-2, -4)
    # The first of its arguments is unsigned.
    message = "can't convert negative value to unsigned int"
    for value in (-1, np.int64(-3)):
        with pytest.raises(OverflowError, match=message):
            scan_perform_ext.perform(value, *[0] * 25)


def test_an_error_in_a_step_is_raised():
    matrices = T.dtensor3('matrices')
    output, _ = theano.scan(lambda matrix: T.dot(matrix, matrix), matrices)
    with pytest.raises(ValueError, match='(?i)shapes?'):
        compiled([matrices], output)(np.zeros((4, 2, 3)))


def test_map_and_reduce(rng):
    rows = T.dmatrix('rows')
    mapped, _ = theano.map(lambda row: row.max() - row, rows)
    product, _ = theano.reduce(lambda row, total: row * total, rows, T.ones((3,)))
    values = rng.normal(size=(4, 3))
    found = compiled([rows], [mapped, product])(values)
    np.testing.assert_allclose(found[0], [max(row) - row for row in values])
    expected = values[0] * values[1] * values[2] * values[3]
    np.testing.assert_allclose(found[1], expected, rtol=1e-12)


def test_random_numbers_differ_at_each_step():
    random = T.shared_randomstreams.RandomStreams(7)
    output, updates = theano.scan(lambda: random.normal((2,)), n_steps=3)
    function = theano.function([], output, updates=updates, mode=LOOP_IN_C)
    values = np.concatenate([function(), function()])
    assert values.shape == (6, 2)
    assert len(set(values.ravel())) == values.size


def transformer():
    """Return the variables of a layer, its output, and the same as numpy loops."""
    images, theta = T.dtensor4('images'), T.dmatrix('theta')
    layer = TransformerLayer((1, 2, 5, 7), (1, 6), output_size=(3, 4))
    graph = layer.get_output_for([images, theta])

    def loops(images, theta):
        points = oracle.affine(theta, oracle.target_points((3, 4), True))
        return oracle.sample(images, points)

    return images, theta, graph, loops


def values_of_transformer(rng):
    theta = np.array([[0.83, 0.11, 0.043, -0.09, 0.78, -0.061]])
    return rng.normal(size=(1, 2, 5, 7)), theta


@pytest.mark.smoke
def test_the_jacobian_of_a_transformer(rng):
    images, theta, graph, loops = transformer()
    jacobian = T.jacobian(graph.flatten(), theta)
    pictures, parameters = values_of_transformer(rng)
    found = compiled([images, theta], jacobian)(pictures, parameters)
    assert found.shape == (2 * 3 * 4, 1, 6)
    for row in range(0, 24, 5):
        one = np.zeros(24)
        one[row] = 1
        expected = oracle.numeric_gradient(
            lambda theta: loops(pictures, theta), parameters, one.reshape(1, 2, 3, 4)
        )
        np.testing.assert_allclose(found[row], expected, rtol=1e-5, atol=1e-7)


def test_the_hessian_of_a_transformer(rng):
    images, theta, graph, loops = transformer()
    vector = theta.flatten()
    graph = theano.clone(graph, {theta: vector.reshape((1, 6))})
    flat = T.dvector('flat')
    loss = theano.clone((graph**2).sum(), {theta: flat.reshape((1, 6))})
    hessian = T.hessian(loss, flat)
    pictures, parameters = values_of_transformer(rng)
    found = compiled([images, flat], hessian)(pictures, parameters[0])
    np.testing.assert_allclose(found, found.T, rtol=1e-9, atol=1e-9)

    def value(flat):
        return np.sum(loops(pictures, flat[None]) ** 2)

    step, moves = 1e-4, 1e-4 * np.eye(6)
    for one, other in ((0, 0), (0, 4), (2, 5), (3, 1)):
        a, b = moves[one], moves[other]
        difference = (
            value(parameters[0] + a + b)
            - value(parameters[0] + a - b)
            - value(parameters[0] - a + b)
            + value(parameters[0] - a - b)
        )
        expected = difference / (4 * step**2)
        np.testing.assert_allclose(found[one, other], expected, rtol=1e-4, atol=1e-4)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def parameters_of(layer):
    return {
        parameter.name.split('.')[-1]: parameter.get_value()
        for parameter in layer.get_params()
    }


def recurrent(kind, rng, **options):
    """Return a layer of 4 units for 5 steps of 3 features, with weights of a size."""
    incoming = lasagne.layers.InputLayer((2, 5, 3))
    layer = kind(incoming, 4, **options)
    for parameter in layer.get_params():
        shape = parameter.get_value().shape
        value = rng.normal(scale=0.6, size=shape)
        parameter.set_value(value.astype(theano.config.floatX))
    return layer


def outputs(layer, sequences):
    variable = T.dtensor3('sequences')
    graph = lasagne.layers.get_output(layer, variable)
    return compiled([variable], graph)(sequences)


@pytest.mark.smoke
def test_a_gru_layer(rng):
    layer = recurrent(lasagne.layers.GRULayer, rng)
    sequences = rng.normal(size=(2, 5, 3))
    found = outputs(layer, sequences)
    p = parameters_of(layer)
    assert found.shape == (2, 5, 4)
    state = np.repeat(p['hid_init'], 2, axis=0)
    for step in range(5):
        x = sequences[:, step]
        reset, update = (
            sigmoid(
                x @ p['W_in_to_' + gate]
                + state @ p['W_hid_to_' + gate]
                + p['b_' + gate]
            )
            for gate in ('resetgate', 'updategate')
        )
        hidden = np.tanh(
            x @ p['W_in_to_hidden_update']
            + reset * (state @ p['W_hid_to_hidden_update'])
            + p['b_hidden_update']
        )
        state = (1 - update) * state + update * hidden
        np.testing.assert_allclose(found[:, step], state, rtol=1e-9)


def test_an_lstm_layer(rng):
    layer = recurrent(lasagne.layers.LSTMLayer, rng, peepholes=False)
    sequences = rng.normal(size=(2, 5, 3))
    found = outputs(layer, sequences)
    p = parameters_of(layer)
    assert found.shape == (2, 5, 4)
    state, cell = (np.repeat(p[name], 2, axis=0) for name in ('hid_init', 'cell_init'))

    def gate(name, x):
        total = x @ p['W_in_to_' + name] + state @ p['W_hid_to_' + name]
        return total + p['b_' + name]

    for step in range(5):
        x = sequences[:, step]
        into, forget, out = (
            sigmoid(gate(name, x)) for name in ('ingate', 'forgetgate', 'outgate')
        )
        cell = forget * cell + into * np.tanh(gate('cell', x))
        state = out * np.tanh(cell)
        np.testing.assert_allclose(found[:, step], state, rtol=1e-9)


BROKEN = """
import sys, warnings
sys.path.insert(0, %r)
import lasagne_stn, theano, theano.tensor as T
from lasagne_stn._platform.compat import scan_c_code
scan_c_code.patched_c_code = lambda text: '#error too old\\n'
x = T.dvector()
mode = theano.compile.Mode(theano.gof.vm.VM_Linker(), None)
loop, _ = theano.scan(lambda a, b: a - b, dict(input=x, taps=[-1, 0]), mode=mode)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter('always')
    function = theano.function([x], loop, mode=mode)
    again = theano.function([x], -loop, mode=mode)
    print()
    print(function([1, 4, 9, 16]).tolist(), again([1, 4, 9, 16]).tolist())
    print([str(warning.message) for warning in caught])
print('scan_perform.scan_perform' in sys.modules)
"""


@needs_compiler
def test_the_loop_is_in_python_if_the_c_code_does_not_compile(environment, tmp_path):
    flags = 'base_compiledir=%s,gcc.cxxflags=-O0' % tmp_path
    done = subprocess.run(
        [sys.executable, '-c', BROKEN % ROOT],
        env=dict(environment, THEANO_FLAGS=flags),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    values, warnings, loaded = done.stdout.strip().split('\n')[-3:]
    assert values == '[-3.0, -5.0, -7.0] [3.0, 5.0, 7.0]'
    assert warnings.count('The C code of scan does not compile') == 1
    assert re.search('loops run in Python.*slower.*#error too old', warnings)
    assert loaded == 'False'
