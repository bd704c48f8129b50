"""The benchmark of convolutions: cases, contenders, comparison and tables."""

import json

import lasagne
import numpy as np
import pytest
from click.testing import CliRunner

from helpers.contenders import Fake
from lasagne_stn import cli
from lasagne_stn.bench import TRAINING_NETWORKS, bench, rounds
from lasagne_stn.bench.convolution_cases import (
    CONVOLUTION_CASES,
    ConvolutionCase,
    convolutions_of,
    make_convolution_inputs,
)
from lasagne_stn.bench.convolvers import TheanoConvolution, TorchConvolution
from lasagne_stn.bench.convolving import (
    check_samples,
    convolution_table,
    measure_convolutions,
)
from lasagne_stn.bench.remote import Remote
from lasagne_stn.paper.networks import build_network, input_layer

CASES = [
    ConvolutionCase(2, 3, 7, 9, 4, 3, 1, 2),
    ConvolutionCase(3, 1, 8, 6, 2, 5, 0, 1),
]


def test_cases_are_the_layers_of_the_networks():
    for network in TRAINING_NETWORKS.values():
        incoming = input_layer(network.size, channels=network.channels)
        output = build_network(network.spec, incoming, network.classes)
        layers = [
            layer
            for layer in lasagne.layers.get_all_layers(output)
            if isinstance(layer, lasagne.layers.Conv2DLayer)
        ]
        cases = convolutions_of(network)
        assert [case[1:7] for case in cases] == [
            (
                *layer.input_shape[1:],
                layer.num_filters,
                layer.filter_size[0],
                layer.pad[0],
            )
            for layer in layers
        ]
        assert {case.images for case in cases} <= {network.batch}
        assert set(cases) <= set(CONVOLUTION_CASES)


def test_pooling_belongs_to_the_convolution_before_it():
    pools = [case.pool for case in convolutions_of(TRAINING_NETWORKS['R ST-CNN'])]
    assert pools == [2, 1, 2, 2]  # the localisation network's, then the classifier's


def test_cases_differ_and_have_an_output():
    assert len(set(CONVOLUTION_CASES)) == len(CONVOLUTION_CASES)
    assert min(min(case.output) for case in CONVOLUTION_CASES) >= 1
    kernels = {(case.kernel, case.channels) for case in CONVOLUTION_CASES}
    assert {(3, 16), (11, 1), (11, 3), (11, 73), (3, 64)} <= kernels


@pytest.mark.parametrize(
    'text', ['1,1,8,8,1,3,0', '1,1,8,8,1,3,-1,1', '1,0,8,8,1,3,0,1', 'a,1,8,8,1,3,0,1']
)
def test_an_invalid_case_raises_an_error(text):
    assert ConvolutionCase.parse('2,3,7,9,4,3,1,2') == CASES[0]
    with pytest.raises(
        ValueError, match='must be images,channels,rows,.*got %r' % text
    ):
        ConvolutionCase.parse(text)


def test_a_case_must_have_an_output():
    assert ConvolutionCase.parse('1,1,8,8,1,7,0,2').output == (1, 1, 1, 1)
    for text in ('1,1,8,7,1,7,0,2', '1,1,8,8,1,9,0,1'):
        with pytest.raises(ValueError, match='an output of at least one pixel'):
            ConvolutionCase.parse(text)


def convolution(case):
    """Return the output of a case by loops over the definition."""
    inputs = make_convolution_inputs(case)
    pad, kernel, pool = case.padding, case.kernel, case.pool
    images = np.pad(inputs['images'], [(0, 0), (0, 0), (pad, pad), (pad, pad)])
    filters = inputs['weights'][:, :, ::-1, ::-1]
    output = np.full(case.output, -np.inf)
    for row in range(case.output[2] * pool):
        for column in range(case.output[3] * pool):
            window = images[:, :, row : row + kernel, column : column + kernel]
            value = np.einsum('nchw,fchw->nf', window, filters) + inputs['bias']
            index = ..., row // pool, column // pool
            output[index] = np.maximum(output[index], np.maximum(value, 0))
    return output


@pytest.fixture(scope='module')
def contenders():
    """Theano's and PyTorch's process; Theano's alone if PyTorch is not installed."""
    remotes = {'theano': Remote(TheanoConvolution, False, threads=1)}
    if rounds.has_torch():
        remotes['torch'] = Remote(
            TorchConvolution, 1, threads=1, flags=rounds.NO_COMPILER
        )
    yield remotes
    rounds.close_all(remotes)


@pytest.mark.parametrize('case', CASES, ids=str)
def test_all_contenders_compute_the_definition(case, contenders):
    results = {}
    for name, contender in contenders.items():
        contender.ask('load', case, 'forward')
        (output,) = contender.ask('results')
        np.testing.assert_allclose(output, convolution(case), rtol=1e-4, atol=1e-5)
        contender.ask('load', case, 'gradients')
        results[name] = contender.ask('results')
        samples = contender.ask('samples')
        assert [len(sample) for sample in samples] == [1000] * 4
        assert set(samples[3]) <= set(results[name][3])
        assert contender.ask('time') > 0
    shapes = [array.shape for array in results['theano']]
    inputs = make_convolution_inputs(case)
    assert shapes == [
        case.output,
        *[inputs[name].shape for name in ('images', 'weights', 'bias')],
    ]
    assert contenders['theano'].ask('fused_convolutions') == 0
    for arrays in results.values():
        for ours, theirs in zip(results['theano'], arrays):
            np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)


def test_different_results_raise_an_error():
    ours = [np.ones(4), np.arange(4.0)]
    check_samples('a case', {'fused': ours, 'theano': [ours[0], ours[1] + 1e-3]})
    for other in (np.arange(4.0) + 1, np.full(4, np.nan)):
        with pytest.raises(
            RuntimeError,
            match="^a case: gradients of images of ours and of Theano's own must agree "
            'within 0.01, got a difference of',
        ):
            check_samples('a case', {'fused': ours, 'theano': [ours[0], other]})


def test_contenders_compute_each_case_in_turns(monkeypatch):
    monkeypatch.setattr(rounds, 'PAUSE', 0)
    log, reported = [], []
    answers = {'samples': [np.ones(3)], 'fused_convolutions': 1}

    def start(names, threads, *rest):
        assert (threads, rest) == (
            3,
            (TheanoConvolution, TorchConvolution, True, 'avx2'),
        )
        return {name: Fake(name, log, [0.001] * 9, **answers) for name in names}

    names = ['fused', 'torch-kept']
    results = measure_convolutions(
        names, 3, 2, CASES, True, 'avx2', reported.append, start
    )
    assert results == reported
    assert [(each['work'], each['filters']) for each in results] == [
        ('forward', 4),
        ('forward', 2),
        ('gradients', 4),
        ('gradients', 2),
    ]
    assert results[0]['ms'] == pytest.approx({'fused': 1, 'torch-kept': 1})
    assert results[0]['fused_convolutions'] == 1 and results[0]['isa'] == 'avx2'
    assert [name for name, method in log if method == 'load'] == names * 4
    assert [name for name, method in log if method == 'close'] == names


def result(case, work, count, **ms):
    return dict(
        case._asdict(), work=work, threads=2, isa=None, fused_convolutions=count, ms=ms
    )


def test_the_table_shows_times_ratios_and_means():
    table = convolution_table(
        [
            result(CASES[0], 'forward', 1, fused=1.0, theano=8.0),
            result(CASES[1], 'forward', 0, fused=2.0, theano=4.0),
            result(CASES[0], 'gradients', 2, fused=1.0, theano=5.0),
        ]
    )
    assert table.title.endswith('2 threads')
    assert table.header[1:] == ['ours', "Theano's own", "ours / Theano's own", 'fused']
    assert table.rows == [
        ['forward', '', '', '', ''],
        ['2 x 3 x 7 x 9, 4 x 3 x 3, padding 1, max 2', '1.00', '8.00', '0.12', 'yes'],
        ['3 x 1 x 8 x 6, 2 x 5 x 5', '2.00', '4.00', '0.50', 'no'],
        ['geometric mean', '', '', '0.25', ''],
        ['forward + gradients of images, weights and bias', '', '', '', ''],
        ['2 x 3 x 7 x 9, 4 x 3 x 3, padding 1, max 2', '1.00', '5.00', '0.20', 'yes'],
        ['geometric mean', '', '', '0.20', ''],
    ]


def test_the_command_measures_given_cases(monkeypatch, tmp_path):
    calls, path = [], str(tmp_path / 'a.json')

    def measure(names, threads, runs, cases, fast_path, isa, report):
        calls.append((names, threads, runs, list(cases), isa))
        results = [result(cases[0], 'forward', 1, fused=1.0)]
        report(results[0])
        return results

    monkeypatch.setattr(bench, 'measure_convolutions', measure)
    monkeypatch.setattr(bench, 'has_torch', lambda: True)
    command = ['bench', '--what', 'convolution', '--threads', '2', '--json', path]
    given = ['--runs', '4', '--case', '2,3,7,9,4,3,1,2', '--case', '3,1,8,6,2,5,0,1']
    outcome = CliRunner().invoke(cli.commands, command + given)
    assert outcome.exit_code == 0, outcome.output
    names = ['fused', 'theano', 'torch-kept']
    assert calls == [(names, 2, 4, CASES, None)]
    text = ' '.join(outcome.output.split())
    assert '4 x 3 x 3, padding 1, max 2, forward, 2 threads: ours 1 ms' in text
    with open(path) as file:
        assert json.load(file)['results'][0]['padding'] == 1
    outcome = CliRunner().invoke(cli.commands, [*command, '--skip', 'torch'])
    assert calls[1] == (names[:2], 2, 15, list(CONVOLUTION_CASES), None)
