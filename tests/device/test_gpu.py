"""The fused ops on the device: values, graphs, and unusual inputs."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
import theano
import theano.tensor as T
from theano import gof
from theano.gpuarray.basic_ops import HostFromGpu

import lasagne_stn
from helpers import oracle
from helpers.compiled import fused_ops
from helpers.dense_oracle import DenseSampler
from helpers.host_work import host_operations
from lasagne_stn import TransformerLayer, sample
from lasagne_stn.kernels.sampling.gpu import GpuFusedSample, GpuFusedSampleGradient
from lasagne_stn.sampling import BORDER_MODES, sample_affine
from lasagne_stn.sampling.markers import SamplerKind

FAST = theano.compile.get_mode('FAST_RUN')
BOTH = ['GpuFusedSample', 'GpuFusedSampleGradient']
VALUE = 0.75  # of the border 'constant'
compiled = {}  # functions that tests share


def function_of(kind, dtype='float32'):
    """Output and both gradients, a function of arrays and sizes of any length."""
    if (kind, dtype) not in compiled:
        coords = T.TensorType(dtype, (False,) * (3 if kind.affine else 4))()
        images, cotangent = [T.TensorType(dtype, (False,) * 4)() for _ in range(2)]
        size = T.lscalars('rows', 'columns')
        output = build(kind, images, coords, size)
        gradients = T.grad(None, [images, coords], known_grads={output: cotangent})
        function = theano.function(
            [images, coords, *size, cotangent],
            [output] + gradients,
            mode=FAST,
            on_unused_input='ignore',
        )
        assert fused_ops(function) == BOTH
        graph = function.maker.fgraph
        assert {
            node.outputs[0]
            for node in graph.apply_nodes
            if isinstance(node.op, HostFromGpu)
        } == set(graph.outputs)
        compiled[kind, dtype] = function
    return compiled[kind, dtype]


def build(kind, images, coords, size):
    options = dict(
        border_mode=kind.border_mode,
        border_value=kind.border_value,
        align_corners=kind.align_corners,
    )
    if kind.affine:
        return sample_affine(images, coords, size, **options)
    return sample(images, coords, **options)


class Case:
    """Inputs of one call."""

    def __init__(self, kind, images, coords, size, rng, dtype='float32'):
        self.kind, self.size = kind, tuple(size)
        self.images, self.coords = images.astype(dtype), coords.astype(dtype)
        self.cotangent = rng.normal(size=images.shape[:2] + self.size).astype(dtype)

    def run(self):
        """What the device computes."""
        function = function_of(self.kind, self.images.dtype.name)
        return function(self.images, self.coords, *self.size, self.cotangent)

    def expected(self):
        """The same in numpy and float64, by another algorithm."""
        dense = DenseSampler(self.kind, self.images, self.coords, self.size)
        return [dense.output()] + dense.gradients(self.cotangent)

    def leave_kinks_out(self):
        """Set the cotangent to zero where rounding decides on the slope."""
        dense = DenseSampler(self.kind, self.images, self.coords, self.size)
        smooth = dense.off_the_kinks(1e-4)
        self.cotangent = (self.cotangent * smooth).astype(self.cotangent.dtype)


def random_case(kind, rng, noise=0.3, largest=24, dtype='float32'):
    batch, channels = rng.integers(1, 7, 2)
    pixels, size = rng.integers(1, largest, (2, 2))
    images = rng.normal(size=(batch, channels) + tuple(pixels))
    coords = np.eye(2, 3) + noise * rng.normal(size=(batch, 2, 3))
    if not kind.affine:
        coords = rng.uniform(-1.7, 1.7, size=(batch,) + tuple(size) + (2,))
    case = Case(kind, images, coords, size, rng, dtype)
    case.leave_kinks_out()
    return case


def check(case, tolerances=(1e-5, 1e-4, 1e-4)):
    found = case.run()
    for array, right, tolerance in zip(found, case.expected(), tolerances):
        assert array.dtype == case.images.dtype and array.shape == right.shape
        scale = max(abs(right).max(initial=0), 1e-3)
        np.testing.assert_allclose(array, right, rtol=0, atol=tolerance * scale)
    return found


KINDS = [
    SamplerKind(2, affine, border, VALUE, align)
    for affine in (True, False)
    for border in BORDER_MODES
    for align in (True, False)
]
kinds = pytest.mark.parametrize(
    'kind',
    KINDS,
    ids=[
        '%s-%s-%s'
        % (
            ('points', 'affine')[kind.affine],
            kind.border_mode,
            ('edges', 'corners')[kind.align_corners],
        )
        for kind in KINDS
    ],
)
AFFINE = [kind for kind in KINDS if kind.affine and kind.align_corners]
affine_kinds = pytest.mark.parametrize(
    'kind', AFFINE, ids=[kind.border_mode for kind in AFFINE]
)


# ---- values


@kinds
def test_values_and_gradients_equal_the_loops(kind, rng):
    case = Case(
        kind,
        rng.normal(size=(2, 3, 6, 5)),
        np.eye(2, 3) + rng.normal(scale=0.4, size=(2, 2, 3)),
        (4, 7),
        rng,
    )
    if not kind.affine:
        case.coords = rng.uniform(-1.7, 1.7, size=(2, 4, 7, 2)).astype('float32')
    options = dict(
        border_mode=kind.border_mode,
        border_value=VALUE,
        align_corners=kind.align_corners,
    )

    def slow(images, coords):
        if kind.affine:
            coords = oracle.affine(
                coords.reshape(2, 6),
                oracle.target_points(case.size, kind.align_corners),
            )
        return oracle.sample(images, coords, **options)

    images, coords, cotangent = [
        array.astype(float) for array in (case.images, case.coords, case.cotangent)
    ]
    expected = [
        slow(images, coords),
        np.zeros_like(images),
        oracle.numeric_gradient(lambda array: slow(images, array), coords, cotangent),
    ]
    nothing = slow(np.zeros_like(images[:, :1]), coords)
    for index in np.ndindex(6, 5):
        pixel = np.zeros((2, 1, 6, 5))
        pixel[(slice(None), slice(None)) + index] = 1
        reached = slow(pixel, coords) - nothing
        expected[1][(slice(None), slice(None)) + index] = (cotangent * reached).sum(
            axis=(2, 3)
        )
    for found, right, tolerance in zip(case.run(), expected, (1e-5, 1e-4, 1e-4)):
        np.testing.assert_allclose(
            found, right, rtol=0, atol=tolerance * abs(right).max()
        )


@kinds
def test_random_shapes(kind, rng):
    for _ in range(25):
        check(random_case(kind, rng))


@affine_kinds
@pytest.mark.parametrize('noise', [0.05, 1, 3, 10])
def test_matrices_of_every_strength(kind, noise, rng):
    for _ in range(8):
        check(random_case(kind, rng, noise, largest=40))


@affine_kinds
@pytest.mark.parametrize('zoom', [0.01, 0.3, 0.9, 1.6, 4, 9])
def test_zoom_and_rotation(kind, zoom, rng):
    for degrees in (0, 45, 90, 200):
        turn = np.deg2rad(degrees + 0.1)
        matrix = zoom * np.array(
            [[np.cos(turn), np.sin(turn), 0.013], [-np.sin(turn), np.cos(turn), 0.021]]
        )
        for channels, rows, columns in ((1, 40, 33), (9, 17, 24)):
            case = Case(
                kind,
                rng.normal(size=(1, channels, rows, columns)),
                matrix[None],
                (columns, rows),
                rng,
            )
            case.leave_kinks_out()
            check(case)


@pytest.mark.parametrize('kind', [KINDS[0], KINDS[3], KINDS[-2]], ids=str)
def test_float64(kind, rng):
    for _ in range(5):
        check(random_case(kind, rng, dtype='float64'), (1e-10,) * 3)


@affine_kinds
@pytest.mark.parametrize(
    'pixels, size',
    [
        ((1, 1), (1, 1)),
        ((1, 9), (9, 1)),
        ((2, 2), (30, 29)),
        ((3, 900), (4, 700)),
        ((900, 2), (800, 3)),
        ((90, 225), (33, 259)),
    ],
)
def test_thin_and_small_and_large_images(kind, pixels, size, rng):
    case = Case(
        kind,
        rng.normal(size=(2, 2) + pixels),
        np.eye(2, 3) + rng.normal(scale=0.2, size=(2, 2, 3)),
        size,
        rng,
    )
    case.leave_kinks_out()
    check(case)


@pytest.mark.parametrize('kind', [kind for kind in KINDS if kind.affine], ids=str)
def test_the_identity_is_a_bit_exact_copy(kind, rng):
    for pixels in ((1, 1), (9, 31), (49, 70), (113, 201)):
        images = rng.normal(size=(2, 5) + pixels)
        case = Case(kind, images, np.tile(np.eye(2, 3), (2, 1, 1)), pixels, rng)
        output, to_images, _ = case.run()
        np.testing.assert_array_equal(output, case.images)
        np.testing.assert_array_equal(to_images, case.cotangent)


# ---- collisions and reproducibility

COLLISIONS = {
    'one point': np.zeros((2, 3)),
    'far': np.eye(2, 3, 2) * [[30], [-40]],
    'a line': [[1, 2, 0.1], [0.5, 1, 0.05]],
    'zoomed': 5 * np.eye(2, 3),
    'rotated': [[0, 3, 0.2], [-4, 0, 0.1]],
}


@affine_kinds
@pytest.mark.parametrize('name', sorted(COLLISIONS))
def test_many_output_pixels_in_one_source_pixel(kind, name, rng):
    matrix = np.array(COLLISIONS[name]) + 1e-3 * rng.normal(size=(2, 3))
    case = Case(kind, rng.normal(size=(1, 6, 20, 11)), matrix[None], (31, 50), rng)
    case.leave_kinks_out()
    check(case)


def test_points_that_meet_in_one_pixel(rng):
    kind = KINDS[-1]
    case = Case(
        kind,
        rng.normal(size=(2, 3, 8, 9)),
        rng.normal(scale=0.05, size=(2, 30, 40, 2)),
        (30, 40),
        rng,
    )
    check(case)


@kinds
def test_every_run_gives_the_same_bits(kind, rng):
    case = random_case(kind, rng, 1, largest=60)
    first = case.run()
    for _ in range(5):
        for array, again in zip(first, case.run()):
            np.testing.assert_array_equal(array, again)


# ---- odd inputs


@affine_kinds
@pytest.mark.parametrize('entry', range(6))
def test_nan_stays_in_its_own_image(kind, entry, rng):
    case = Case(
        kind,
        rng.normal(size=(3, 2, 12, 14)),
        np.eye(2, 3) + rng.normal(scale=0.2, size=(3, 2, 3)),
        (9, 16),
        rng,
    )
    before = case.run()
    case.coords[1].flat[entry] = np.nan
    after = case.run()
    assert np.isnan(after[0][1]).all() and np.isnan(after[2][1]).all()
    assert np.isnan(after[1][1]).any() and not np.isnan(after[1][1, :, 2:, 2:]).any()
    for array, other in zip(before, after):
        np.testing.assert_array_equal(array[::2], other[::2])


@pytest.mark.parametrize(
    'kind', [kind for kind in KINDS[10:] if kind.align_corners], ids=str
)
def test_a_nan_point_is_one_nan_pixel(kind, rng):
    case = Case(
        kind,
        rng.normal(size=(2, 2, 12, 14)),
        rng.uniform(-1.5, 1.5, size=(2, 9, 16, 2)),
        (9, 16),
        rng,
    )
    before = case.run()
    case.coords[1, 3, 5, 0] = np.nan
    after = case.run()
    assert np.isnan(after[0][1, :, 3, 5]).all() and np.isnan(after[2][1, 3, 5]).all()
    after[0][1, :, 3, 5] = before[0][1, :, 3, 5]
    np.testing.assert_array_equal(after[0], before[0])
    assert np.isnan(after[1][1]).any(axis=(1, 2)).all()
    assert np.isnan(after[1]).sum() <= 4 * 2


@affine_kinds
@pytest.mark.parametrize('value', [np.inf, -np.inf, 1e30, 3e38, -1e15, 1e9, 1e-40])
def test_huge_and_tiny_matrices_are_finite(kind, value, rng):
    for pixels, size in (((12, 14), (9, 16)), ((1, 9), (9, 1))):
        for entry in range(6):
            case = Case(
                kind,
                rng.normal(size=(2, 2) + pixels),
                np.eye(2, 3) + rng.normal(scale=0.2, size=(2, 2, 3)),
                size,
                rng,
            )
            case.coords[1].flat[entry] = value
            assert all(np.isfinite(array).all() for array in case.run())
            if kind.border_mode in ('nearest', 'constant') and abs(value) > 1:
                case.leave_kinks_out()
                check(case, (1e-5, 1e-4, np.inf))


@kinds
@pytest.mark.parametrize(
    'shape',
    [(0, 2, 5, 6, 7, 8), (2, 0, 5, 6, 7, 8), (2, 2, 5, 6, 0, 8), (2, 2, 5, 6, 7, 0)],
    ids=str,
)
def test_empty_inputs_give_zeros(kind, shape, rng):
    size = shape[4:]
    coords = np.ones((shape[0], 2, 3) if kind.affine else shape[:1] + size + (2,))
    case = Case(kind, np.ones(shape[:4]), coords, size, rng)
    output, to_images, to_coords = case.run()
    assert output.shape == shape[:2] + size
    assert to_images.shape == shape[:4] and not to_images.any()
    assert to_coords.shape == coords.shape and not to_coords.any()


def test_inputs_of_any_strides(rng):
    kind = KINDS[0]
    images, coords, cotangent = T.ftensor4(), T.ftensor3(), T.ftensor4()
    strided = [
        images[:, ::-1, ::2].dimshuffle(0, 1, 3, 2),
        coords[::-1, :, ::-1],
        cotangent[:, :, ::-2],
    ]
    output = build(kind, *strided[:2], [strided[2].shape[2], strided[2].shape[3]])
    outputs = [output] + T.grad(
        None, [images, coords], known_grads={output: strided[2]}
    )
    function = theano.function([images, coords, cotangent], outputs, mode=FAST)
    assert fused_ops(function) == BOTH
    case = Case(
        kind, rng.normal(size=(3, 2, 7, 8)), rng.normal(size=(3, 2, 3)), (5, 6), rng
    )
    arrays = [
        np.zeros((3, 2, 15, 7), 'float32'),
        case.coords[::-1, :, ::-1],
        np.zeros((3, 2, 10, 6), 'float32'),
    ]
    arrays[0][:, ::-1, ::2] = np.concatenate(
        [case.images, case.images[:, :, :, :0]], axis=3
    ).transpose(0, 1, 3, 2)
    arrays[2][:, :, ::-2] = case.cotangent
    output, to_images, to_coords = function(*arrays)
    expected = case.run()
    np.testing.assert_array_equal(output, expected[0])
    np.testing.assert_array_equal(
        to_images[:, ::-1, ::2].transpose(0, 1, 3, 2), expected[1]
    )
    np.testing.assert_array_equal(to_coords[::-1, :, ::-1], expected[2])


def test_calls_do_not_disturb_each_other(rng):
    case = random_case(KINDS[0], rng)
    first = case.run()
    kept = [array.copy() for array in first]
    random_case(KINDS[0], rng).run()
    for array, copy, again in zip(first, kept, case.run()):
        np.testing.assert_array_equal(array, copy)
        np.testing.assert_array_equal(again, copy)


@pytest.fixture(scope='module')
def ops():
    """The ops themselves, for inputs that no layer would give them."""
    inputs = [T.ftensor4(), T.ftensor3(), T.lvector(), T.ftensor4()]
    forward = theano.function(
        inputs[:3], GpuFusedSample(KINDS[0])(*inputs[:3]), mode=FAST
    )
    backward = theano.function(
        inputs,
        GpuFusedSampleGradient(KINDS[0], ('images', 'coords'))(*inputs),
        mode=FAST,
    )
    return forward, backward


def test_wrong_shapes_are_errors(ops):
    forward, backward = ops
    images, matrices = np.zeros((2, 1, 3, 4), 'f'), np.zeros((2, 2, 3), 'f')
    assert np.asarray(forward(images, matrices, [5, 6])).shape == (2, 1, 5, 6)
    for wrong in (matrices[:1], matrices[:, :1], np.zeros((2, 2, 2), 'f')):
        with pytest.raises(
            ValueError,
            match=(
                r'GpuFusedSample: matrices must .* \(2, 2, 3\), .* got \(%d, %d, %d\)'
                % wrong.shape
            ),
        ):
            forward(images, wrong, [5, 6])
    with pytest.raises(ValueError, match='GpuFusedSample: the output cannot have -1 '):
        forward(images, matrices, [-1, 6])
    with pytest.raises(ValueError, match='GpuFusedSample: the size must .* 2 .* got 3'):
        forward(images, matrices, [5, 6, 7])
    with pytest.raises(ValueError, match='GpuFusedSample: the images have no pixels'):
        forward(images[:, :, :0], matrices, [5, 6])
    with pytest.raises(ValueError, match='more than 2.30 pixels'):
        forward(images, matrices, [2**16, 2**15])
    with pytest.raises(ValueError, match='GpuFusedSampleGradient: the gradient must'):
        backward(images, matrices, [5, 6], np.zeros((2, 1, 5, 5), 'f'))


# ---- the graph


def optimised(outputs, inputs, mode=FAST):
    """Names of the fused ops in a graph that is optimised but not compiled."""
    graph = gof.FunctionGraph(*gof.graph.clone(inputs, outputs))
    with theano.configparser.change_flags(compute_test_value='off'):
        mode.optimizer.optimize(graph)
    return [
        type(node.op).__name__
        for node in graph.toposort()
        if type(node.op).__module__.startswith('lasagne_stn.kernels')
    ]


def layer_graph(**options):
    images, theta = T.ftensor4(), T.fmatrix()
    layer = TransformerLayer((None,) * 4, (None, 6), **options)
    output = layer.get_output_for([images, theta])
    return ([output] + T.grad((output**2).sum(), [images, theta]), [images, theta])


def test_a_layer_is_fused_and_nothing_comes_back_to_the_host_between(rng):
    images = theano.shared(rng.normal(size=(2, 3, 9, 8)).astype('float32'))
    theta = theano.shared(
        (np.eye(2, 3).ravel() + rng.normal(scale=0.2, size=(2, 6))).astype('float32')
    )
    layer = TransformerLayer((None,) * 4, (None, 6), downsample_factor=2)
    output = layer.get_output_for([images, theta])
    cost = (output**2).sum()
    updates = [
        (value, value - 1e-3 * gradient)
        for value, gradient in zip((images, theta), T.grad(cost, [images, theta]))
    ]
    step = theano.function([], cost, updates=updates, mode=FAST)
    assert fused_ops(step) == BOTH
    assert host_operations(step) == []
    costs = [float(step()) for _ in range(3)]
    assert costs[0] > costs[1] > costs[2]


def test_the_switches_leave_the_explicit_graph(monkeypatch):
    outputs, inputs = layer_graph()
    assert sorted(optimised(outputs, inputs)) == BOTH
    assert optimised(outputs, inputs, FAST.excluding('lasagne_stn_fuse')) == []
    monkeypatch.setattr(lasagne_stn.config, 'fused', False)
    assert optimised(outputs, inputs) == []


def test_a_mode_without_the_device_takes_the_cpus_ops(rng):
    outputs, inputs = layer_graph(border_mode='reflect')
    host = FAST.excluding('gpuarray')
    assert sorted(optimised(outputs, inputs, host)) == [
        'FusedSample',
        'FusedSampleGradient',
    ]
    arrays = [
        rng.normal(size=shape).astype('float32') for shape in ((2, 1, 5, 6), (2, 6))
    ]
    found, expected = [
        theano.function(inputs, outputs[0], mode=mode)(*arrays) for mode in (FAST, host)
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


INITIALISED = """
import lasagne_stn, theano, theano.tensor as T
from theano import gof

inputs = [T.ftensor4(), T.fmatrix()]
layer = lasagne_stn.TransformerLayer((None,) * 4, (None, 6))
for tags in ([], ['gpuarray']):
    graph = gof.FunctionGraph(*gof.graph.clone(inputs, [layer.get_output_for(inputs)]))
    theano.compile.get_default_mode().including(*tags).optimizer.optimize(graph)
    print(*[type(node.op).__name__ for node in graph.toposort()
            if 'FusedSample' in type(node.op).__name__])
"""


def test_a_device_that_is_only_initialised_is_used_by_modes_that_name_it(environment):
    environment.pop('THEANO_GPU_IS_ALREADY_ACTIVE', None)
    environment['THEANO_FLAGS'] += ',floatX=float32,device=cpu,init_gpu_device=' + (
        theano.config.device
    )
    output = subprocess.run(
        [sys.executable, '-c', INITIALISED],
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
    ).stdout
    assert output.decode().split() == ['FusedSample', 'GpuFusedSample']


def test_what_has_no_kernel_stays_explicit():
    volume, matrices = T.TensorType('float32', (False,) * 5)(), T.ftensor3()
    output = sample_affine(volume, matrices, (2, 3, 4))
    assert optimised([output], [volume, matrices]) == []
    assert optimised([output], [volume, matrices], FAST.excluding('gpuarray')) == [
        'FusedSample'
    ]
    for interpolation in ('nearest', 'bicubic'):
        assert optimised(*layer_graph(interpolation=interpolation)) == []


def test_only_the_gradients_that_are_asked_for_are_computed(rng):
    case = random_case(KINDS[0], rng)
    both = case.run()
    for number, name in enumerate(('images', 'coords')):
        inputs = [T.ftensor4(), T.ftensor3(), *T.lscalars('rc'), T.ftensor4()]
        output = build(KINDS[0], *inputs[:2], inputs[2:4])
        gradient = T.grad(None, inputs[number], known_grads={output: inputs[4]})
        function = theano.function(inputs, gradient, mode=FAST)
        (op,) = [
            node.op
            for node in function.maker.fgraph.toposort()
            if isinstance(node.op, GpuFusedSampleGradient)
        ]
        assert op.wrt == (name,)
        found = function(case.images, case.coords, *case.size, case.cotangent)
        np.testing.assert_array_equal(found, both[1 + number])


def test_stacked_transformers_are_fused_each():
    images, theta = T.ftensor4(), T.fmatrix()
    inner = TransformerLayer((None,) * 4, (None, 6), downsample_factor=2)
    outer = TransformerLayer((None,) * 4, (None, 6), border_mode='mirror')
    output = outer.get_output_for([inner.get_output_for([images, theta]), theta * 0.9])
    names = optimised([output] + T.grad(output.sum(), [images, theta]), [images, theta])
    assert sorted(names) == sorted(BOTH * 2)


def test_the_ops_can_be_pickled():
    for op in (GpuFusedSample(KINDS[0]), GpuFusedSampleGradient(KINDS[4], ('coords',))):
        again = pickle.loads(pickle.dumps(op))
        assert again == op and hash(again) == hash(op)
        assert again.kind == op.kind
