"""The benchmark of training: networks, contenders, losses and tables."""

import ctypes
import io
import json
import os

import numpy as np
import pytest
import theano
from click.testing import CliRunner
from lasagne.layers import get_all_param_values
from rich.console import Console

from helpers.contenders import QUICK, Fake, needs_torch
from lasagne_stn import cli, config
from lasagne_stn.bench import (
    TRAINING_NETWORKS,
    Options,
    bench,
    contenders,
    rounds,
    torch_networks,
    training_tables,
)
from lasagne_stn.bench.remote import Remote
from lasagne_stn.bench.training_networks import TrainingNetwork
from lasagne_stn.bench.training_step import TheanoTraining, TorchTraining, make_batch
from lasagne_stn.bench.training_times import check_losses, measure_training
from lasagne_stn.paper import EXPERIMENTS
from lasagne_stn.paper.networks import build_network, input_layer

LAYERS = [
    ('warp', 'affine', [('mean', 2), ('conv', 3, 4), ('max', 2), ('dense', 5)], 16),
    ('mean', 2),
    ('conv', 4, 5, 2),
    ('max', 2),
    ('conv', 3, 3),
    ('dense', 6),
]
SMALL = TrainingNetwork(LAYERS, 2, 14, 3, 4)


@pytest.fixture(autouse=True)
def switches():
    """Restore the switches that contenders set."""
    before = config.fused_convolution, config.fast_path
    yield
    config.fused_convolution, config.fast_path = before


def test_the_networks_are_those_of_the_paper():
    for name in ('R', 'RTS', 'TC'):
        for model in ('CNN', 'ST-CNN'):
            network = TRAINING_NETWORKS['%s %s' % (name, model)]
            experiment = EXPERIMENTS[name]
            assert network[1:] == (1, experiment.size, 10, 256)
            kinds = [layer[0] for layer in network.spec]
            assert kinds[-4:] == ['conv', 'max', 'conv', 'max']
            assert ('warp' in kinds) == (model == 'ST-CNN')
            assert network.spec[-2][1] == experiment.units[model.lower()]


def number_of_parameters(network):
    incoming = input_layer(network.size, channels=network.channels)
    return [
        value.shape
        for value in get_all_param_values(
            build_network(network.spec, incoming, network.classes)
        )
    ]


def test_fully_connected_networks_have_as_many_parameters_as_the_paper():
    for name in ('FCN', 'ST-FCN'):
        shapes = number_of_parameters(TRAINING_NETWORKS[name])
        assert sum(map(np.prod, shapes)) == pytest.approx(400000, rel=0.01)


class TorchShapes:
    """Builds PyTorch's networks in a separate process."""

    def shapes(self, network):
        """Shapes of a network's parameters."""
        image = network.channels, network.size, network.size
        module = torch_networks.build_torch(network.spec, image, network.classes)
        return [tuple(parameter.shape) for parameter in module.parameters()]


@needs_torch
def test_torch_builds_the_same_parameters():
    with Remote(TorchShapes, threads=1, flags=rounds.NO_COMPILER) as torch:
        for network in [*TRAINING_NETWORKS.values(), SMALL]:
            ours = [
                shape[::-1] if len(shape) == 2 else shape
                for shape in number_of_parameters(network)
            ]
            assert ours == torch.ask('shapes', network)


def test_batches_are_the_same_and_have_the_network_s_sizes():
    images, labels = make_batch(SMALL)
    assert images.shape == (4, 2, 14, 14) and images.dtype == 'float32'
    assert labels.shape == (4,) and set(labels) <= {0, 1, 2}
    np.testing.assert_array_equal(images, make_batch(SMALL)[0])


def test_all_contenders_train_the_same_network():
    names = ['fused', 'theano'] + ['torch', 'torch-kept'] * rounds.has_torch()
    fcn = TRAINING_NETWORKS['FCN']._replace(batch=4, size=20)
    for result in measure_training(names, 1, 1, {'FCN': fcn, 'small': SMALL}):
        assert set(result['ms']) == set(names) and min(result['ms'].values()) > 0
        first, _, last = result['losses']['fused']
        assert first > last
        for losses in result['losses'].values():
            np.testing.assert_allclose(losses, result['losses']['fused'], rtol=1e-4)


def test_transformers_start_away_from_the_identity():
    with theano.configparser.change_flags(floatX='float32'):
        values = TheanoTraining(mode=QUICK).load(SMALL)
    theta = [value for value in values if value.shape == (6,)][0]
    np.testing.assert_allclose(theta, [0.9, 0.1, 0.02, -0.2, 0.8, 0.01])


def test_the_profile_sums_to_at_most_the_whole_step():
    step = TheanoTraining(mode=QUICK)
    with theano.configparser.change_flags(floatX='float32'):
        step.load(TRAINING_NETWORKS['ST-FCN']._replace(batch=2, size=12))
        profile = step.profile(steps=2)
    whole = profile.pop('whole step')
    assert {'matrix product', 'element-wise and sums', 'transformer'} & set(profile)
    assert 0 < sum(profile.values()) <= whole


def test_fused_convolutions_have_their_rows_in_the_profile():
    kinds = map(training_tables.kind_of_op, ('ConvolutionGradient', 'MeanPoolGradient'))
    assert list(kinds) == ['convolution', 'pooling']


@pytest.mark.parametrize('theirs', [[2.0, 1.0, 0.501], [2.0, 1.0, float('nan')]])
def test_different_losses_raise_an_error(theirs):
    losses = {'fused': [2.0, 1.0, 0.5], 'theano': [2.0, 1.0001, 0.5]}
    check_losses('R CNN', losses)
    with pytest.raises(
        RuntimeError,
        match=r'^R CNN: the losses of the first 3 steps must agree within 0.001, got '
        'ours 2, 1, 0.5; PyTorch 2, 1, (0.501|nan)$',
    ):
        check_losses('R CNN', dict(losses, torch=theirs))


def fakes(log, **losses):
    """Start contenders with given times in seconds and losses."""
    times = {'fused': [0.002] * 4, 'theano': [0.02] * 4, 'torch-kept': [0.004] * 4}
    answers = {'load': ['values'], 'fused_convolutions': 4, 'profile': {'others': 1.0}}

    def start(names, threads, *factories):
        log.append((list(names), threads, *factories))
        return {
            name: Fake(
                name, log, times[name], **dict(answers, losses=losses.get(name, [2.0]))
            )
            for name in names
        }

    return start


def test_contenders_train_the_same_network_in_turns(monkeypatch):
    monkeypatch.setattr(rounds, 'PAUSE', 0)
    names, log, reported = ['fused', 'theano', 'torch-kept'], [], []
    results = measure_training(
        names, 2, 4, {'small': SMALL}, False, 'avx2', reported.append, fakes(log)
    )
    assert log[0] == (names, 2, TheanoTraining, TorchTraining, False, 'avx2')
    assert [name for name, method in log[1:] if method == 'load'] == names
    assert [name for name, method in log[1:] if method == 'time'] == (
        names + ['fused', 'torch-kept'] * 2 + names
    )
    assert [name for name, method in log[1:] if method == 'close'] == names
    (result,) = reported
    assert results == reported and 'spec' not in result
    assert result['ms'] == pytest.approx({'fused': 2, 'theano': 20, 'torch-kept': 4})
    assert (result['network'], result['batch'], result['isa']) == ('small', 4, 'avx2')
    assert result['fused_convolutions'] == 4 and result['losses']['theano'] == [2.0]


def test_contenders_end_after_different_losses():
    log = []
    with pytest.raises(RuntimeError, match='^small: the losses'):
        measure_training(
            ['fused', 'theano'], 1, 1, {'small': SMALL}, start=fakes(log, theano=[2.1])
        )
    assert [name for name, method in log[1:] if method == 'close'] == [
        'fused',
        'theano',
    ]


def result(network, isa=None, **ms):
    return {
        'network': network,
        'batch': 4,
        'threads': 1,
        'isa': isa,
        'ms': ms,
        'losses': {},
        'profile': {'convolution': 0.002, 'others': 0.001, 'whole step': 0.003},
    }


def test_tables_show_times_ratios_and_the_profile():
    times = {'fused': 3.0, 'theano': 30.0, 'torch': 12.0, 'torch-kept': 6.0}
    results = [result('R CNN', 'avx2', **times), result('VGG', 'avx2', **times)]
    results[1]['profile'] = {'whole step': 0.003}
    table = training_tables.training_table(results)
    assert table.title == 'Milliseconds for a training step, 1 thread, avx2 only'
    assert dict(zip(table.header, table.rows[0])) == {
        'network, batch': 'R CNN, 4',
        'ours': '3.00',
        "Theano's own": '30.00',
        'PyTorch': '12.00',
        'PyTorch, malloc kept': '6.00',
        "ours / Theano's own": '0.10',
        'ours / PyTorch': '0.25',
        'ours / PyTorch, malloc kept': '0.50',
    }
    table = training_tables.profile_table(results)
    cnn, vgg = [dict(zip(table.header, row)) for row in table.rows]
    assert cnn['convolution'] == '2.00' and cnn['pooling'] == '0.00'
    assert cnn['whole step / convolution'] == '1.50'
    assert vgg['network'] == 'VGG' and vgg['whole step / convolution'] == ''
    table = training_tables.training_table([result('R CNN', fused=3.0)])
    assert table.header == ['network, batch', 'ours'] and table.title[-1] == 'd'


@pytest.mark.parametrize('isa', [None, 'avx2'])
def test_each_contender_has_its_switch_threads_and_instructions(monkeypatch, isa):
    started = []
    monkeypatch.setattr(contenders, 'Remote', lambda *a, **b: started.append((a, b)))
    monkeypatch.setattr(contenders.platform, 'machine', lambda: 'x86_64')
    names = list(contenders.CONTENDERS)
    contenders.start_contenders(names, 3, 'ours', 'pytorch', False, isa)
    assert [args for args, _ in started] == [
        ('ours', True, False),
        ('ours', False, False),
        ('pytorch', 3, False),
        ('pytorch', 3, True),
    ]
    for args, options in started:
        assert options['threads'] == 3
        capability = options['environment'].get('ATEN_CPU_CAPABILITY')
        assert capability == isa
        if args[0] == 'ours':
            assert options['flags'].endswith('-march=haswell"' if isa else '')
        else:
            assert options['flags'] == rounds.NO_COMPILER


def test_instructions_of_another_processor_raise_an_error(monkeypatch):
    monkeypatch.setattr(contenders.platform, 'machine', lambda: 'aarch64')
    with pytest.raises(RuntimeError, match='^this processor .aarch64. has no avx2'):
        contenders.start_contenders(['fused'], 1, 'ours', 'pytorch', isa='avx2')


class Allocator:
    """Frees a large array in a separate process."""

    def environment(self, name):
        """An environment variable of the process."""
        return os.environ.get(name)

    def kept(self, keep):
        """MiB that stay with the process after an array of 256 MiB was freed."""
        if keep:
            contenders.keep_large_blocks()
        np.ones(2**25)
        before = resident()
        array = np.ones(2**25)
        del array
        return resident() - before

    def fail(self):
        """Keep blocks without glibc."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ctypes, 'CDLL', lambda name: object())
            contenders.keep_large_blocks()


def resident():
    """MiB of the process in memory."""
    with open('/proc/self/statm') as file:
        return int(file.read().split()[1]) * os.sysconf('SC_PAGE_SIZE') / 2**20


@pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), 'mallopt'), reason='mallopt is in glibc'
)
def test_malloc_keeps_large_blocks_if_told():
    for keep in (False, True):
        with Remote(
            Allocator,
            threads=1,
            flags=rounds.NO_COMPILER,
            environment={'OF_THE_TEST': 'yes'},
        ) as remote:
            assert remote.ask('environment', 'OF_THE_TEST') == 'yes'
            mapped = remote.ask('kept', keep)
            assert abs(mapped) < 10
            if keep:
                with pytest.raises(RuntimeError, match='cannot be told to keep large'):
                    remote.ask('fail')
    assert 'OF_THE_TEST' not in os.environ


def test_the_command_trains_and_writes_results(monkeypatch, tmp_path):
    calls, path = [], str(tmp_path / 'a.json')

    def measure(names, threads, runs, networks, fast_path, isa, report):
        calls.append((names, threads, runs, dict(networks), isa))
        results = [dict(result('VGG', isa, fused=1.0), threads=threads)]
        report(results[0])
        return results

    monkeypatch.setattr(bench, 'measure_training', measure)
    monkeypatch.setattr(bench, 'has_torch', lambda: True)
    command = ['bench', '--what', 'training', '--network', 'VGG', '--batch', '5']
    command += ['--threads', '2', '--threads', '1', '--runs', '3', '--isa', 'avx2']
    command += ['--skip', 'theano', '--json', path]
    outcome = CliRunner().invoke(cli.commands, command)
    assert outcome.exit_code == 0, outcome.output
    network = TRAINING_NETWORKS['VGG']._replace(batch=5)
    names = ['fused', 'torch', 'torch-kept']
    assert calls == [(names, count, 3, {'VGG': network}, 'avx2') for count in (1, 2)]
    assert 'VGG, 1 thread, avx2 only: ours 1 ms' in outcome.output
    with open(path) as file:
        figures = json.load(file)
    assert [each['threads'] for each in figures['results']] == [1, 2]
    assert figures['options']['networks'] == ['VGG']
    assert figures['options']['isa'] == 'avx2'


def test_all_networks_are_measured_by_default(monkeypatch):
    calls = []
    monkeypatch.setattr(
        bench,
        'measure_training',
        lambda *args: calls.append(args) or [result('VGG', fused=1.0)],
    )
    console = Console(width=150, record=True, file=io.StringIO())
    bench.run(console, Options('training', (1,), 3, skip=('torch',)))
    assert calls[0][0] == ['fused', 'theano'] and calls[0][3] == TRAINING_NETWORKS
