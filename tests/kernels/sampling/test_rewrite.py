"""The rewrite from markers to fused ops: when it happens and when it must not."""

import pickle

import numpy as np
import pytest
import theano
import theano.tensor as T

import lasagne_stn
from helpers import oracle
from helpers.compiled import FUSED, fused_ops, run, with_gradients
from lasagne_stn import (
    Affine,
    Bicubic,
    Kernel,
    ThinPlateSpline,
    TransformerLayer,
    sample,
)
from lasagne_stn.sampling import Bilinear, sampler
from lasagne_stn.sampling.markers import Marker

BOTH = ['FusedSample', 'FusedSampleGradient']
EXPLICIT = theano.compile.get_mode('FAST_COMPILE')
FUSED = FUSED.mode
FAST = theano.Mode('py', 'fast_run').excluding(
    'constant_folding', 'topo_constant_folding'
)


def warp(**options):
    layer = TransformerLayer(
        (None,) * 4, (None, options.get('transform', Affine()).num_params), **options
    )
    return lambda images, theta: layer.get_output_for([images, theta])


def compiled(build, wrt=('images', 'theta'), mode=FUSED):
    """A function of images and theta with its output and gradients."""
    images, theta = T.dtensor4('images'), T.dmatrix('theta')
    output = build(images, theta)
    given = {'images': images, 'theta': theta}
    gradients = T.grad((output**2).sum(), [given[name] for name in wrt])
    return theano.function([images, theta], [output] + gradients, mode=mode)


def gradient_inputs(function):
    return [
        node.op.wrt
        for node in function.maker.fgraph.toposort()
        if type(node.op).__name__ == 'FusedSampleGradient'
    ]


@pytest.mark.parametrize(
    'options',
    [
        {},
        dict(border_mode='wrap'),
        dict(align_corners=False),
        dict(output_size=(2, 3)),
        dict(transform=ThinPlateSpline(9)),
        dict(transform=Affine(coordinates='isotropic')),
    ],
)
def test_bilinear_samplers_are_fused(options):
    function = compiled(warp(**options))
    assert fused_ops(function) == BOTH
    assert (
        len(function.maker.fgraph.toposort())
        < len(compiled(warp(**options), mode=EXPLICIT).maker.fgraph.toposort()) / 2
    )


OTHER_KERNELS = ['nearest', 'bicubic', Bicubic(-0.5), Kernel(1, lambda x: 1 - abs(x))]
other_kernels = pytest.mark.parametrize('interpolation', OTHER_KERNELS, ids=str)


def markers(function):
    return [
        node for node in function.maker.fgraph.toposort() if isinstance(node.op, Marker)
    ]


def op_names(function):
    return [str(node.op) for node in function.maker.fgraph.toposort()]


@other_kernels
@pytest.mark.parametrize(
    'transform, mode',
    [
        (Affine(), FUSED),
        (Affine(), EXPLICIT),
        (Affine(), FAST),
        (ThinPlateSpline(9), FUSED),
    ],
    ids=['quick', 'fast-compile', 'fast-run', 'points'],
)
def test_other_sampling_kernels_stay_as_if_there_were_no_markers(
    interpolation, transform, mode, monkeypatch
):
    build = warp(interpolation=interpolation, transform=transform)
    marked = compiled(build, mode=mode)
    assert fused_ops(marked) == markers(marked) == []
    monkeypatch.setattr(sampler, 'mark', lambda role, kind, value: value)
    assert op_names(marked) == op_names(compiled(build, mode=mode))


@other_kernels
def test_every_sampler_is_marked(interpolation):
    images, theta = T.dtensor4(), T.dmatrix()
    output = warp(interpolation=interpolation)(images, theta)
    assert isinstance(output.owner.op, Marker)
    kind = output.owner.op.kind
    assert kind.interpolation != 'bilinear'
    assert hash(kind) == hash(pickle.loads(pickle.dumps(kind)))
    graph = pickle.loads(pickle.dumps([output.owner.op, kind]))
    assert graph[0].kind == graph[1] == kind


@pytest.mark.parametrize('interpolation', ['nearest', OTHER_KERNELS[-1]], ids=str)
def test_other_sampling_kernels_under_scan_and_second_derivatives(interpolation, rng):
    build = warp(interpolation=interpolation)
    images, thetas = T.dtensor4(), T.dtensor3()
    looped, _ = theano.scan(
        lambda theta, images: build(images, theta),
        sequences=[thetas],
        non_sequences=[images],
        mode=FUSED,
    )
    stacked = T.stack([build(images, thetas[step]) for step in range(2)])
    values = rng.normal(size=(2, 2, 5, 4)), rng.normal(scale=0.5, size=(2, 2, 6))
    results = []
    for output, mode in (
        (looped, FAST.excluding('fusion')),
        (stacked, FUSED),
        (stacked, EXPLICIT),
    ):
        first = T.grad((output**2).sum(), [images, thetas])
        second = T.grad((first[1] ** 2).sum() + (first[0] ** 2).sum(), images)
        function = theano.function(
            [images, thetas], [output, second] + first, mode=mode
        )
        assert fused_ops(function) == markers(function) == []
        for node in function.maker.fgraph.toposort():
            if hasattr(node.op, 'fn'):
                assert fused_ops(node.op.fn) == markers(node.op.fn) == []
        results.append(function(*values))
    for found in results[:2]:
        for array, expected in zip(found, results[2]):
            np.testing.assert_allclose(array, expected, rtol=1e-9, atol=1e-9)


def test_a_subclass_of_a_known_kernel_stays_explicit():
    class Halved(Bilinear):
        def weights(self, fraction):
            return [weight / 2 for weight in super().weights(fraction)]

    assert fused_ops(compiled(warp(interpolation=Bilinear()))) == BOTH
    assert fused_ops(compiled(warp(interpolation=Halved()))) == []


def test_only_the_gradients_that_are_asked_for_are_computed():
    assert gradient_inputs(compiled(warp())) == [('images', 'coords')]
    assert gradient_inputs(compiled(warp(), wrt=('theta',))) == [('coords',)]
    assert gradient_inputs(compiled(warp(), wrt=('images',))) == [('images',)]
    assert fused_ops(compiled(warp(), wrt=())) == ['FusedSample']


def test_no_marker_is_left():
    for mode in (FUSED, EXPLICIT):
        assert markers(compiled(warp(), mode=mode)) == []


def test_the_switches_leave_the_explicit_graph(monkeypatch):
    assert fused_ops(compiled(warp())) == BOTH
    assert fused_ops(compiled(warp(), mode=FUSED.excluding('lasagne_stn_fuse'))) == []
    monkeypatch.setattr(lasagne_stn.config, 'fused', False)
    assert fused_ops(compiled(warp())) == []


def test_without_a_compiler_it_stays_explicit(monkeypatch):
    class Flags:
        cxx = 'g++'

    monkeypatch.setattr(lasagne_stn.kernels.sampling.rewrite, 'flags', lambda: Flags)
    assert fused_ops(compiled(warp())) == BOTH
    monkeypatch.setattr(Flags, 'cxx', '')
    assert fused_ops(compiled(warp())) == []


def test_float16_stays_explicit():
    images, points = [T.TensorType('float16', (False,) * 4)() for _ in range(2)]
    function = theano.function([images, points], sample(images, points), mode=FUSED)
    assert fused_ops(function) == []


def test_mixed_types_are_computed_in_the_wider_one(rng):
    images, points = T.btensor4(), T.ftensor4()
    function = theano.function([images, points], sample(images, points), mode=FUSED)
    assert fused_ops(function) == BOTH[:1]
    values = rng.integers(-100, 100, (2, 3, 5, 4)).astype('int8')
    points = rng.uniform(-1.2, 1.2, (2, 6, 3, 2)).astype('float32')
    found = function(values, points)
    assert found.dtype == 'float32'
    np.testing.assert_allclose(
        found, oracle.sample(values.astype(float), points), rtol=1e-4, atol=1e-3
    )


def test_a_sampler_in_a_loop_is_fused(rng):
    """Glimpses: theta in turn, the same images each time, which Scan would take out."""

    def function(output, **options):
        gradients = T.grad((output**2).sum(), [images, thetas])
        return theano.function([images, thetas], [output] + gradients, **options)

    images, thetas = T.dtensor4(), T.dtensor3()
    output, _ = theano.scan(
        lambda theta, images: warp()(images, theta),
        sequences=[thetas],
        non_sequences=[images],
        mode=FUSED,
    )
    looped = function(
        output,
        mode=FAST,
    )
    assert [
        name
        for node in looped.maker.fgraph.toposort()
        if hasattr(node.op, 'fn')
        for name in fused_ops(node.op.fn)
    ] == BOTH
    one_by_one = function(
        T.stack([warp()(images, thetas[step]) for step in range(3)]), mode=EXPLICIT
    )
    values = rng.normal(size=(2, 2, 5, 4)), rng.normal(scale=0.5, size=(3, 2, 6))
    for found, expected in zip(looped(*values), one_by_one(*values)):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_stacked_transformers_are_fused_each():
    inner, outer = warp(downsample_factor=2), warp(border_mode='mirror')
    function = compiled(lambda images, theta: outer(inner(images, theta), theta * 0.9))
    assert sorted(fused_ops(function)) == sorted(BOTH * 2)


def test_samplers_whose_outputs_are_added_are_fused_each(rng):
    """One gradient enters them all: same images, or same theta, or neither."""

    def added(x, t):
        return warp()(x, t) + warp()(x, 2 * t) + warp()(3 * x, t)

    images, theta = rng.normal(size=(2, 2, 5, 4)), rng.normal(scale=0.5, size=(2, 6))
    fused, explicit = compiled(added), compiled(added, mode=EXPLICIT)
    assert sorted(fused_ops(fused)) == sorted(BOTH * 3)
    for found, expected in zip(fused(images, theta), explicit(images, theta)):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    'second',
    [
        lambda gradient, weights: (gradient**2).sum(),
        lambda gradient, weights: (gradient * weights).sum(),
    ],
)
def test_second_derivatives_are_right(second, rng):
    images, theta = rng.normal(size=(2, 2, 5, 4)), rng.normal(scale=0.5, size=(2, 6))
    x, t = T.dtensor4(), T.dmatrix()
    first = T.grad((warp()(x, t) ** 2).sum(), t)
    outputs = T.grad(second(first, np.arange(6.0)), [x, t])
    fused, explicit = [
        theano.function([x, t], outputs, mode=mode) for mode in (FUSED, EXPLICIT)
    ]
    for found, expected in zip(fused(images, theta), explicit(images, theta)):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_two_costs_through_one_sampler_get_their_own_gradients(rng):
    images, theta = rng.normal(size=(2, 2, 5, 4)), rng.normal(scale=0.5, size=(2, 6))
    x, t = T.dtensor4(), T.dmatrix()
    output = warp()(x, t)
    outputs = [T.grad(cost, t) for cost in (output.sum(), (output**3).sum())]
    outputs.append(
        T.grad((output * outputs[0].sum()).sum(), x, consider_constant=[outputs[0]])
    )
    fused, explicit = [
        theano.function([x, t], outputs, mode=mode) for mode in (FUSED, EXPLICIT)
    ]
    assert fused_ops(fused).count('FusedSampleGradient') == 3
    for found, expected in zip(fused(images, theta), explicit(images, theta)):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_a_cloned_graph_is_fused_with_its_own_inputs(rng):
    images, theta = rng.normal(size=(2, 1, 5, 4)), rng.normal(scale=0.5, size=(2, 6))
    x, t = T.dtensor4(), T.dmatrix()
    output = warp()(x, t)
    other = theano.clone(output, replace={t: 2 * t})
    function = theano.function([x, t], [output, other], mode=FUSED)
    assert fused_ops(function) == ['FusedSample'] * 2
    for found, scale in zip(function(images, theta), (1, 2)):
        np.testing.assert_allclose(
            found,
            run(warp(), images, scale * theta, mode=EXPLICIT),
            rtol=1e-9,
            atol=1e-12,
        )


def test_an_axis_known_to_be_one_stays_known(rng):
    x = T.TensorType('float64', (False, True, False, False))()
    t = T.dmatrix()
    output = warp(output_size=(1, 3))(x, t)
    function = theano.function([x, t], [output, T.grad(output.sum(), x)], mode=FUSED)
    assert fused_ops(function) == BOTH
    found = function(rng.normal(size=(2, 1, 4, 5)), rng.normal(size=(2, 6)))
    assert [array.shape for array in found] == [(2, 1, 1, 3), (2, 1, 4, 5)]


def test_graphs_can_be_pickled():
    x, t = T.dtensor4(), T.dmatrix()
    graph = pickle.loads(pickle.dumps([[x, t], warp()(x, t)]))
    assert fused_ops(theano.function(*graph, mode=FUSED)) == ['FusedSample']


def test_both_ways_agree_where_theano_infers_shapes(rng):
    images, theta = rng.normal(size=(3, 2, 6, 5)), rng.normal(size=(3, 6))

    def shapes(x, t):
        output = warp(downsample_factor=(2, 1))(x, t)
        return T.concatenate([output.shape, T.grad(output.sum(), t).shape])

    assert run(shapes, images, theta, mode=FUSED).tolist() == [3, 2, 3, 5, 3, 6]
    assert (
        len(
            with_gradients(
                warp(), images, theta, rng.normal(size=images.shape), mode=FUSED
            )
        )
        == 3
    )
