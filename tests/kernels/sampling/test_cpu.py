"""The fused ops, compiled: against the oracle, for any strides, with clear errors."""

import os
import subprocess
import sys

import numpy as np
import pytest
import theano
import theano.tensor as T

from helpers import oracle
from helpers.compiled import fused_ops
from lasagne_stn import sample
from lasagne_stn.kernels.sampling.cpu import FusedSample, FusedSampleGradient
from lasagne_stn.sampling import sample_affine
from lasagne_stn.sampling.markers import SamplerKind

FAST = theano.compile.get_mode('FAST_RUN')
TOLERANCE = {'float32': 1e-5, 'float64': 1e-10}
CASES = {  # few, because each is compiled; the tests of the C
    'matrices': dict(dtype='float32', border_mode='nearest'),  # code have all
    'double': dict(dtype='float64', border_mode='nearest'),
    'points': dict(dtype='float32', border_mode='mirror', align_corners=False),
    'points-near': dict(dtype='float32', border_mode='nearest'),
    'volume': dict(dtype='float64', border_mode='constant', border_value=0.5),
    'volume-points': dict(dtype='float64', border_mode='nearest'),
}


class Case:
    """A compiled function with all gradients, its inputs, and what the loops say."""

    def __init__(self, dtype, size=(5, 7), volume=False, points=False, **options):
        rng = np.random.default_rng(8)
        self.dtype = dtype
        dims = 3 if volume else 2
        self.images = rng.normal(size=(2, 3) + (2, 8, 9)[3 - dims :]).astype(dtype)
        matrices = np.eye(dims, dims + 1) + rng.normal(
            scale=0.3, size=(2, dims, dims + 1)
        )
        self.coords = matrices.astype(dtype)
        align = options.get('align_corners', True)
        if points:
            self.coords = oracle.affine(
                matrices.reshape(2, -1), oracle.target_points(size, align)
            ).astype(dtype)
        self.cotangent = rng.normal(size=(2, 3) + size).astype(dtype)
        self.options = options
        self.slow = (
            self._slow_affine
            if not points
            else (lambda images, coords: oracle.sample(images, coords, **options))
        )
        self.size = size
        inputs = [
            T.TensorType(dtype, (False,) * array.ndim)()
            for array in (self.images, self.coords, self.cotangent)
        ]
        output = (
            sample(*inputs[:2], **options)
            if points
            else sample_affine(*inputs[:2], size=size, **options)
        )
        gradients = T.grad(None, inputs[:2], known_grads={output: inputs[2]})
        self.function = theano.function(inputs, [output] + gradients, mode=FAST)

    def _slow_affine(self, images, coords):
        points = oracle.affine(
            coords.reshape(2, -1),
            oracle.target_points(self.size, self.options.get('align_corners', True)),
        )
        return oracle.sample(images, points, **self.options)

    def expected(self):
        """Output, and its gradients: to the images, in which the sampler is linear,
        through one image after the other; to the rest by finite differences."""
        images, coords = self.images.astype(float), self.coords.astype(float)
        cotangent = self.cotangent.astype(float)
        to_images = np.zeros_like(images)
        plane = np.zeros((1, 1) + images.shape[2:])
        for index in np.ndindex(*plane.shape[2:]):
            plane[(0, 0) + index] = 1
            reached = self.slow(np.tile(plane, (2, 1) + (1,) * len(index)), coords)
            reached -= self.slow(np.zeros_like(images[:, :1]), coords)
            to_images[(slice(None), slice(None)) + index] = (
                (cotangent * reached).reshape(2, 3, -1).sum(axis=2)
            )
            plane[(0, 0) + index] = 0
        return [
            self.slow(images, coords),
            to_images,
            oracle.numeric_gradient(
                lambda array: self.slow(images, array), coords, cotangent
            ),
        ]


@pytest.fixture(scope='module', params=sorted(CASES))
def case(request):
    options = dict(CASES[request.param], points='points' in request.param)
    if 'volume' in request.param:
        options.update(volume=True, size=(3, 1, 2))
    return Case(**options)


def close(found, expected, tolerance):
    np.testing.assert_allclose(
        found, expected, rtol=0, atol=tolerance * abs(expected).max()
    )


def test_the_fused_ops_are_there(case):
    assert fused_ops(case.function) == ['FusedSample', 'FusedSampleGradient']


def test_compiled_ops_equal_the_loops(case):
    output, to_images, to_coords = case.function(
        case.images, case.coords, case.cotangent
    )
    expected = case.expected()
    close(output, expected[0], TOLERANCE[case.dtype])
    for found, numeric in zip((to_images, to_coords), expected[1:]):
        assert found.dtype == case.dtype
        close(found, numeric, 1e-4 if case.dtype == 'float32' else 1e-7)


def test_inputs_of_any_strides_give_the_same_bits(case):
    inputs = (case.images, case.coords, case.cotangent)
    expected = case.function(*inputs)
    strided = [np.repeat(array, 2, axis=-1)[..., ::2] for array in inputs]
    reversed_ = [array[::-1, ..., ::-1].copy()[::-1, ..., ::-1] for array in inputs]
    for others in (strided, reversed_, [np.asfortranarray(array) for array in inputs]):
        assert not any(array.flags.c_contiguous for array in others)
        for found, same in zip(case.function(*others), expected):
            np.testing.assert_array_equal(found, same)


def test_small_work_wakes_no_thread(environment):
    """In a process of its own, in which OpenMP has not started any."""
    names = dict(
        environment,
        OMP_NUM_THREADS='3',
        OPENBLAS_NUM_THREADS='1',
        THEANO_FLAGS=environment['THEANO_FLAGS'] + ',openmp=True',
    )
    done = subprocess.run(
        [sys.executable, '-c', COUNT_THREADS],
        env=names,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert done.returncode == 0 and done.stdout == '0 2\n'


COUNT_THREADS = """
import os
import numpy as np
import lasagne_stn
import theano
import theano.tensor as T
from lasagne_stn.sampling import sample_affine

images, matrices = T.ftensor4(), T.ftensor3()
output = sample_affine(images, matrices, images.shape[2:])
function = theano.function([images, matrices], output)
threads = [len(os.listdir('/proc/self/task'))]
for columns in 28, 28000:
    function(np.ones((1, 1, 28, columns), 'float32'), np.eye(2, 3, dtype='f')[None])
    threads.append(len(os.listdir('/proc/self/task')) - threads[0])
print(*threads[1:])
"""


@pytest.mark.parametrize(
    'case', ['points', 'points-near', 'volume-points'], indirect=True
)
def test_points_in_planes_give_the_same_bits_and_a_gradient_in_planes(case):
    inputs = (case.images, case.coords, case.cotangent)
    planes = np.moveaxis(np.moveaxis(case.coords, -1, 1).copy(), 1, -1)
    assert not planes.flags.c_contiguous
    for _ in range(2):  # the second call may keep the first's arrays
        found = case.function(case.images, planes, case.cotangent)
        for array, expected in zip(found, case.function(*inputs)):
            np.testing.assert_array_equal(array, expected)
        assert found[2].strides == planes.strides


def test_calls_do_not_disturb_each_other(case):
    inputs = (case.images, case.coords, case.cotangent)
    first = case.function(*inputs)
    kept = [array.copy() for array in first]
    case.function(*[array[:1] * 2 for array in inputs])
    second = case.function(*inputs)
    for array, copy, again in zip(first, kept, second):
        np.testing.assert_array_equal(array, copy)
        np.testing.assert_array_equal(again, copy)


def test_the_identity_is_a_bit_exact_copy(rng):
    images = rng.normal(size=(2, 3, 37, 53)).astype('float32')
    theta = np.tile(np.eye(2, 3, dtype='float32'), (2, 1, 1))
    x, t = T.ftensor4(), T.ftensor3()
    copy = theano.function([x, t], sample_affine(x, t, x.shape[2:]), mode=FAST)
    np.testing.assert_array_equal(copy(images, theta), images)


@pytest.fixture(scope='module')
def ops():
    """The ops themselves, for inputs that no layer would give them."""
    kind = SamplerKind(2, True, 'nearest', 0.0, True)
    inputs = [T.ftensor4(), T.ftensor3(), T.lvector(), T.ftensor4()]
    forward = theano.function(inputs[:3], FusedSample(kind)(*inputs[:3]), mode=FAST)
    backward = theano.function(
        inputs, FusedSampleGradient(kind, ('images', 'coords'))(*inputs), mode=FAST
    )
    return forward, backward


def test_wrong_shapes_are_errors(ops):
    forward, backward = ops
    images, matrices = np.zeros((2, 1, 3, 4), 'f'), np.zeros((2, 2, 3), 'f')
    assert forward(images, matrices, [5, 6]).shape == (2, 1, 5, 6)
    for wrong in (matrices[:1], matrices[:, :1], np.zeros((2, 2, 2), 'f')):
        with pytest.raises(
            ValueError,
            match=(
                r'FusedSample: matrices must .* \(2, 2, 3\), .* got \(%d, %d, %d\)'
                % wrong.shape
            ),
        ):
            forward(images, wrong, [5, 6])
    with pytest.raises(ValueError, match='FusedSample: the output cannot have -1 pix'):
        forward(images, matrices, [-1, 6])
    with pytest.raises(ValueError, match='FusedSample: the size must .* 2 .* got 3'):
        forward(images, matrices, [5, 6, 7])
    with pytest.raises(ValueError, match='FusedSample: the images have no pixels'):
        forward(images[:, :, :0], matrices, [5, 6])
    with pytest.raises(
        ValueError,
        match=(r'FusedSampleGradient: the gradient must .*, got \(2, 1, 5, 5\)'),
    ):
        backward(images, matrices, [5, 6], np.zeros((2, 1, 5, 5), 'f'))
    assert forward(images[:0], matrices[:0], [5, 6]).shape == (0, 1, 5, 6)


def large(ops, fill, rows=600):
    """What the forward op makes of an image of one value, a megabyte or more."""
    theta = np.eye(2, 3, dtype='f')[np.newaxis]
    return ops[0](np.full((1, 1, 9, 11), fill, 'f'), theta, [rows, 500])


def test_large_outputs_take_over_the_memory_of_freed_ones_only(ops):
    first, second = large(ops, 1), large(ops, 2)
    address = first.ctypes.data
    del first
    third = large(ops, 4)
    assert third.ctypes.data == address
    assert (second == 2).all() and (third == 4).all()
    part = third[0, 0, 5:7]
    del third
    large(ops, 8)
    assert (part == 4).all()  # a view keeps the memory


def test_little_freed_memory_is_kept(ops):
    def resident():
        with open('/proc/self/statm') as file:
            return int(file.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')

    before = resident()
    for rows in range(4000, 4020):
        assert large(ops, 1, rows).nbytes > 7.9e6
    assert resident() - before < 4 * 8.1e6 + 4e6


@pytest.mark.parametrize('affine, coords', [(True, (3, 2, 3)), (False, (3, 5, 9, 2))])
def test_debug_mode_finds_nothing(rng, affine, coords):
    kind = SamplerKind(2, affine, 'nearest', 0.0, True)
    x, g = T.ftensor4(), T.ftensor4()
    w = T.TensorType('float32', (False,) * len(coords))()
    size = T.constant([5, 9])
    outputs = [FusedSample(kind)(x, w, size)] + FusedSampleGradient(
        kind, ('images', 'coords')
    )(x, w, size, g)
    mode = theano.compile.DebugMode(
        optimizer=None, check_py_code=True, stability_patience=1
    )
    function = theano.function([x, w, g], outputs, mode=mode)
    found = function(
        rng.normal(size=(3, 2, 11, 12)).astype('f'),
        rng.normal(size=coords).astype('f'),
        rng.normal(size=(3, 2, 5, 9)).astype('f'),
    )
    assert [array.shape for array in found] == [(3, 2, 5, 9), (3, 2, 11, 12), coords]
