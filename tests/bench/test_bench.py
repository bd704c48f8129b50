"""The benchmark: contenders compute the same, and tables show what was timed."""

import io
import json
import os
import subprocess
import sys
from functools import partial

import numpy as np
import pytest
import theano
from click.testing import CliRunner
from rich.console import Console

from helpers import oracle
from helpers.contenders import QUICK, Fake, in_process, needs_torch
from lasagne_stn import cli, config
from lasagne_stn._platform.machine import busy_cores
from lasagne_stn.bench import (
    SHAPES,
    WORKS,
    Options,
    Shape,
    bench,
    memory,
    rounds,
    scaling,
)
from lasagne_stn.bench.cases import arrays_of, bytes_moved, make_inputs
from lasagne_stn.bench.compiling import compiling_table
from lasagne_stn.bench.device import device_name
from lasagne_stn.bench.remote import Remote, seconds_per_call
from lasagne_stn.bench.sampler_tables import geometric_mean, ratios, sampler_table
from lasagne_stn.bench.samplers import TheanoSampler, TorchSampler
from lasagne_stn.kernels.sampling.cpu import FusedSample
from lasagne_stn.sampling.markers import SamplerKind
from lasagne_stn.tables import to_markdown, to_rich

SHAPE = Shape(3, 2, 9, 13, 2)


def theano_sampler(fused, mode=QUICK):
    return in_process(TheanoSampler, fused, True, mode)


@pytest.fixture
def fast_path():
    """Restore the switch after the test."""
    before = config.fast_path
    yield
    config.fast_path = before


@pytest.mark.parametrize('theta', ['noise', 'rotation'])
@pytest.mark.parametrize('work', sorted(WORKS))
def test_fused_and_explicit_compute_the_same(work, theta):
    results = []
    for fused in (True, False):
        sampler = theano_sampler(fused)
        sampler.load(SHAPE, work, theta)
        results.append(sampler.results())
    images, matrices, _ = make_inputs(SHAPE, theta)
    assert [array.shape for array in results[0]] == [
        {
            'output': SHAPE.output,
            'grad_images': images.shape,
            'grad_theta': matrices.shape,
        }[name]
        for name in arrays_of(work)
    ]
    for ours, explicit in zip(*results):
        np.testing.assert_allclose(ours, explicit, rtol=1e-3, atol=1e-4)


def test_the_output_equals_the_oracle():
    sampler = theano_sampler(True)
    sampler.load(SHAPE, 'forward', 'noise')
    images, theta, _ = make_inputs(SHAPE)
    grid = oracle.target_points(SHAPE.output[2:], True)
    expected = oracle.sample(images, oracle.affine(theta, grid))
    np.testing.assert_allclose(sampler.results()[0], expected, atol=1e-5)


@pytest.fixture(scope='module')
def torch_sampler():
    """PyTorch in a separate process."""
    with Remote(TorchSampler, 1, threads=1, flags=rounds.NO_COMPILER) as remote:
        yield remote


@needs_torch
@pytest.mark.parametrize('work', sorted(WORKS))
def test_torch_computes_the_same(work, torch_sampler):
    torch_sampler.ask('load', SHAPE, work, 'noise')
    theirs = torch_sampler.ask('results')
    sampler = theano_sampler(True)
    sampler.load(SHAPE, work, 'noise')
    ours = sampler.results()
    assert len(ours) == len(theirs) == len(arrays_of(work))
    for mine, other in zip(ours, theirs):
        np.testing.assert_allclose(mine, other, rtol=1e-3, atol=1e-3)


def test_a_missing_fused_op_raises_an_error():
    sampler = theano_sampler(True, QUICK.excluding('lasagne_stn_fuse'))
    with pytest.raises(RuntimeError, match='has 0 fused ops'):
        sampler.load(SHAPE, 'forward', 'noise')


class Echo:
    """Answers questions in a separate process."""

    def __init__(self, *args):
        self.args = args

    def environment(self, name):
        """An environment variable of the process."""
        return os.environ.get(name), os.getpid(), self.args

    def fail(self):
        """Raise an error."""
        raise KeyError('no such thing')

    def leave(self):
        """End the process."""
        os._exit(3)


def test_an_object_answers_in_a_separate_process(monkeypatch):
    monkeypatch.setenv('THEANO_FLAGS', os.environ.get('THEANO_FLAGS', ''))
    with Remote(Echo, 1, 'two', threads=7, flags=rounds.NO_COMPILER) as echo:
        assert repr(echo) == 'Remote(Echo)'
        value, process, args = echo.ask('environment', 'OMP_NUM_THREADS')
        assert value == '7' and process != os.getpid() and args == (1, 'two')
        assert echo.ask('environment', 'THEANO_FLAGS')[0].endswith('cxx=')
        with pytest.raises(RuntimeError, match='Echo: .*(\n.*)*no such thing'):
            echo.ask('fail')
        assert echo.ask('environment', 'PATH')[0] == os.environ['PATH']
        with pytest.raises(
            RuntimeError, match='Echo: its process ended with exit code 3'
        ):
            echo.ask('leave')
    assert os.environ.get('OMP_NUM_THREADS') != '7'


def test_calls_are_repeated_after_warming_up(monkeypatch):
    clock, calls = [0.0], []

    def work():
        calls.append(0)
        clock[0] += 10 if len(calls) == 1 else 2

    monkeypatch.setattr('time.perf_counter', lambda: clock[0])
    assert seconds_per_call(work, at_least=9) == 2
    assert len(calls) == 1 + 1 + 4


def test_unfinished_work_is_waited_for(monkeypatch):
    clock, queue = [0.0], []

    def finish(last):
        clock[0] += 3 * len(queue)
        assert last is queue[-1]
        queue.clear()

    def work():
        queue.append(object())
        return queue[-1]

    monkeypatch.setattr('time.perf_counter', lambda: clock[0])
    assert seconds_per_call(work, at_least=9, finish=finish) == 3


def fake_results(monkeypatch, **columns):
    """Measure one case with given seconds for each contender."""
    monkeypatch.setattr(rounds, 'PAUSE', 0)
    log = []
    results = rounds.measure_samplers(
        [(SHAPE, 'both')],
        list(columns),
        1,
        3,
        start=lambda names, threads: {
            name: Fake(name, log, columns[name]) for name in names
        },
    )
    return results, log


def test_contenders_take_turns_and_results_are_medians(monkeypatch):
    results, log = fake_results(
        monkeypatch,
        fused=[0.003, 0.001, 0.002],
        explicit=[0.5],
        torch=[0.01, 0.03, 0.05],
    )
    assert results[0]['ms'] == pytest.approx({'fused': 2, 'explicit': 500, 'torch': 30})
    assert [name for name, method in log if method == 'time'] == [
        'fused',
        'explicit',
        'torch',
        'fused',
        'torch',
        'fused',
        'torch',
    ]
    assert [name for name, method in log if method == 'close'] == [
        'fused',
        'explicit',
        'torch',
    ]
    assert results[0]['batch'] == 3 and results[0]['work'] == 'both'
    assert results[0]['runs_ms']['torch'] == pytest.approx([10, 30, 50])


def result(rows, work, threads, **ms):
    return {
        'batch': 2,
        'channels': 1,
        'rows': rows,
        'columns': 5,
        'downsample': 1,
        'work': work,
        'theta': 'noise',
        'threads': threads,
        'ms': ms,
    }


RESULTS = [
    result(3, 'forward', 1, fused=4.0, torch=8.0, copy=1.0),
    result(3, 'forward', 2, fused=2.0, explicit=20.0, torch=8.0, copy=1.0),
    result(4, 'forward', 2, fused=1.0, explicit=3.0, torch=9.0, copy=0.2),
    result(3, 'theta', 2, fused=1.0, torch=2.5, copy=1.0),
]


def test_ratios_follow_from_the_times():
    assert ratios(RESULTS[1], RESULTS[0]) == {
        'PyTorch / ours': 4,
        'explicit / ours': 10,
        'ours / copy': 2,
        '1 thread / all': 2,
    }
    assert ratios({'ms': {'fused': 2.0}}) == {}


def test_the_table_shows_times_ratios_means_and_the_worst():
    table = sampler_table(RESULTS, 2)
    assert table.header[1:] == [
        'ours',
        'explicit',
        'PyTorch',
        'copy',
        'PyTorch / ours',
        'explicit / ours',
        'ours / copy',
        '1 thread / all',
    ]
    rows = [row for row in table.rows if any(row[1:])]
    assert rows[0] == [
        '2 x 1 x 3 x 5',
        '2.00',
        '20.0',
        '8.00',
        '1.00',
        '4.00',
        '10.0',
        '2.00',
        '2.00',
    ]
    assert rows[1] == [
        '2 x 1 x 4 x 5',
        '1.00',
        '3.00',
        '9.00',
        '0.200',
        '9.00',
        '3.00',
        '5.00',
        '',
    ]
    assert rows[2] == ['geometric mean', '', '', '', '', '6.00', '5.48', '3.16', '2.00']
    assert rows[3] == ['worst', '', '', '', '', '4.00', '3.00', '5.00', '2.00']
    assert rows[4][:3] == ['2 x 1 x 3 x 5', '1.00', '']
    assert '2 threads' in table.title and 'noise' in table.title


def test_tables_are_written_for_terminals_and_markdown():
    table = sampler_table(RESULTS[:1], 1)
    console = Console(width=150, record=True, file=io.StringIO())
    console.print(to_rich(table))
    (line,) = [line for line in console.export_text().split('\n') if '3 x 5' in line]
    cells = '│ 2 x 1 x 3 x 5 │ 4.00 │ 8.00 │ 1.00 │ 2.00 │ 4.00 │'
    assert line.split() == cells.split()
    assert '| 2 x 1 x 3 x 5 | 4.00 | 8.00 | 1.00 | 2.00 | 4.00 |' in to_markdown(table)


def test_the_geometric_mean_is_the_root_of_the_product():
    assert geometric_mean([2, 8]) == 4
    assert geometric_mean([5.0]) == 5


def test_bytes_moved_count_each_array_once():
    image, out = 4 * 3 * 2 * 9 * 13, 4 * 3 * 2 * 4 * 6
    assert bytes_moved(SHAPE, 'forward') == image + out
    assert bytes_moved(SHAPE, 'both') == 2 * image + 2 * out
    assert bytes_moved(SHAPE, 'theta') == image + 2 * out


@pytest.mark.parametrize('text', ['1,2,3', '1,2,3,4,5,6', '1,2,0,4', 'a,b,c,d', ''])
def test_an_invalid_shape_raises_an_error(text):
    assert Shape.parse('1,2,7,5,5') == (1, 2, 7, 5, 5)
    with pytest.raises(ValueError, match='must be batch,channels,rows,columns'):
        Shape.parse(text)


def test_a_shape_must_have_an_output():
    with pytest.raises(
        ValueError, match="an output of at least one pixel, got '1,2,3,4,5'"
    ):
        Shape.parse('1,2,3,4,5')


def test_the_power_of_known_times_is_fitted():
    sizes = np.array([1, 2, 4, 8, 16])
    assert scaling.fit_power(sizes, 3 * sizes**1.0) == pytest.approx(1)
    assert scaling.fit_power(sizes, 0.1 * sizes**2.0) == pytest.approx(2)


# Matplotlib's outdated calls of pyparsing, for which pyparsing may be named.
@pytest.mark.filterwarnings('ignore::DeprecationWarning:(matplotlib|pyparsing)')
def test_the_plot_shows_the_measurements():
    sweeps = {
        'batch': [Shape(batch, 1, 8, 8, 1) for batch in (1, 2, 4)],
        'output pixels': [Shape(1, 1, 8, 8, 1), Shape(1, 1, 24, 32, 2)],
    }
    results = [
        dict(shape._asdict(), work='both', ms={'fused': 2.0 * shape.batch})
        for shape in dict.fromkeys(sum(sweeps.values(), []))
    ]
    figure, powers = scaling.draw_scaling(results, sweeps)
    batch, pixels = figure.axes
    (line,) = batch.lines
    assert line.get_xydata().tolist() == [[1, 2], [2, 4], [4, 8]]
    assert 'power 1.00' in line.get_label() and batch.get_xscale() == 'log'
    assert powers['batch', 'fused', 'both'] == pytest.approx(1)
    assert pixels.lines[0].get_xdata().tolist() == [64, 192]


def test_each_sweep_varies_one_size():
    for axis, shapes in scaling.SWEEPS.items():
        sizes = scaling.sizes_along(axis, shapes)
        work = [np.prod(shape.output) for shape in shapes]
        assert np.divide(work, sizes) == pytest.approx(work[0] / sizes[0])


@pytest.mark.skipif(
    not os.path.exists('/proc/self/clear_refs'),
    reason='the high-water mark of memory is read from Linux',
)
def test_peak_memory_includes_temporary_arrays(monkeypatch):
    shape = Shape(8, 2, 256, 256, 1)
    probe = memory.MemoryProbe(True)
    probe.inputs = [
        theano.shared(np.zeros((0,) * axes, 'float32')) for axes in (4, 2, 4)
    ]

    def function():
        outputs = [np.ones(shape.images, 'float32') for _ in range(2)]
        _ = np.ones(3 * 2**20)  # 24 MiB that are freed
        return outputs

    monkeypatch.setattr(probe, 'make', lambda *args: function)
    found = probe.peak(shape)
    image = 4 * 8 * 2 * 256**2
    assert found['inputs'] == 2 * image + 8 * 6 * 4
    assert found['outputs'] == 2 * image
    assert found['peak'] == pytest.approx(4 * image + 24 * 2**20, rel=0.2)


def test_tables_show_memory_and_compilation():
    sizes = dict(SHAPE._asdict(), inputs=2**20, outputs=2**20)
    table = memory.memory_table(
        [
            dict(sizes, contender='fused', peak=3 * 2**20),
            dict(sizes, contender='explicit', peak=20 * 2**20),
        ]
    )
    assert table.rows == [[str(SHAPE), '2.0', '3.0', '20.0', '1.50', '10.00']]
    table = compiling_table(
        [
            {'contender': name, 'cache': cache, 'import': 2.0, 'first_result': seconds}
            for name, cache, seconds in [
                ('fused', 'empty', 10.0),
                ('explicit', 'empty', 40.0),
                ('fused', 'warm', 1.0),
                ('explicit', 'warm', 8.0),
            ]
        ]
    )
    assert table.rows == [
        ['empty', '2.0', '10.0', '40.0', '0.25'],
        ['warm', '2.0', '1.0', '8.0', '0.12'],
    ]


def test_only_contenders_of_the_device_are_measured(monkeypatch, fast_path):
    started = []

    def measure(cases, names, threads, runs, theta, report, start):
        started.append((list(names), threads, start.keywords['start']))
        return [dict(RESULTS[1], threads=threads)]

    monkeypatch.setattr(bench, 'measure_samplers', measure)
    monkeypatch.setattr(bench, 'has_torch', lambda: True)
    monkeypatch.setattr(bench, 'device_name', lambda device: 'a card')
    monkeypatch.setattr(bench, 'start_on', lambda device: device)
    console = Console(width=150, record=True, file=io.StringIO())
    for device in ('cuda1', 'opencl0:0'):
        figures = bench.run(console, Options(threads=(2, 1), device=device))
        assert figures['device'] == 'a card'
    assert started == [
        (['fused', 'explicit', 'torch'], 2, 'cuda1'),
        (['fused', 'explicit'], 2, 'opencl0:0'),
    ]
    text = console.export_text()
    assert 'Milliseconds, cuda1, theta' in text and 'cuda1: a card' in text
    assert 'PyTorch is left out: it does not support opencl0:0.' in text


def test_a_device_that_does_not_start_raises_an_error(monkeypatch):
    monkeypatch.setenv('THEANO_FLAGS', os.environ.get('THEANO_FLAGS', ''))
    with pytest.raises(
        RuntimeError, match='^DeviceSampler: the device opencl77:0 did not start'
    ):
        device_name('opencl77:0')


def test_a_device_that_does_not_start_prints_an_error(monkeypatch, fast_path):
    def fail(device):
        raise RuntimeError('DeviceSampler: %s did not start' % device)

    monkeypatch.setattr(bench, 'device_name', fail)
    outcome = CliRunner().invoke(cli.commands, ['bench', '--device', 'opencl7:0'])
    assert outcome.exit_code == 1
    assert outcome.output.splitlines()[-1] == (
        'Error: DeviceSampler: opencl7:0 did not start'
    )


def test_portable_kernels_are_compiled_with_other_flags(fast_path):
    op = FusedSample(SamplerKind(2, True, 'nearest', 0.0, True))
    config.fast_path = True
    assert '-DSTN_NO_FAST' not in op.c_compile_args()
    config.fast_path = False
    assert '-DSTN_NO_FAST' in op.c_compile_args()


def test_the_command_measures_and_writes_files(tmp_path, fast_path):
    paths = {name: str(tmp_path / name) for name in ('json', 'markdown')}
    arguments = [
        'bench',
        '--shape',
        '3,1,8,10,2',
        '--work',
        'forward',
        '--runs',
        '2',
        '--threads',
        '1',
        '--skip',
        'explicit',
        '--skip',
        'torch',
    ]
    for name, path in paths.items():
        arguments += ['--' + name, path]
    outcome = CliRunner().invoke(cli.commands, arguments)
    assert outcome.exit_code == 0, outcome.output
    assert '3 x 1 x 8 x 10 / 2' in outcome.output
    with open(paths['json']) as file:
        figures = json.load(file)
    (row,) = figures['results']
    assert set(row['ms']) == {'fused', 'copy'} and min(row['ms'].values()) > 0
    assert len(row['runs_ms']['fused']) == 2
    assert {'processor', 'cores', 'versions', 'date'} <= set(figures['machine'])
    assert figures['options']['runs'] == 2 and figures['options']['portable'] is False
    with open(paths['markdown']) as file:
        assert '| 3 x 1 x 8 x 10 / 2 | ' in file.read()


@pytest.mark.parametrize(
    'arguments, message',
    [
        (['--shape', '1,2'], 'must be batch,channels,rows,columns'),
        (['--runs', '0'], "'--runs': 0 is not in the range"),
        (['--json', 'no/such/a.json'], 'does not exist or cannot be written to'),
        (['--theta', 'shear'], "'--theta'"),
        (['--device', 'gpu0'], 'must be cuda, or like cuda0 or opencl0:0'),
        (
            ['--device', 'cuda0', '--what', 'memory'],
            "'--device': has no effect with --what memory",
        ),
        (['--what', 'compile', '--shape', '1,1,8,8,1'], "'--shape': has no effect"),
        (['--what', 'training', '--plot', 'a.png'], "'--plot': has no effect"),
        (['--what', 'training', '--case', '1,1,8,8,1,3,0,1'], "'--case': has no"),
        (['--what', 'convolution', '--batch', '2'], "'--batch': has no effect"),
        (['--isa', 'avx2'], "'--isa': has no effect with --what sampler"),
        (['--isa', 'mmx'], "'--isa'"),
        (['--network', 'R FCN'], 'one of FCN, ST-FCN, R CNN'),
        (['--case', '1,1,8,8,1,3,0'], 'must be images,channels,rows,columns,filters'),
        (['--skip', 'theano'], "'--skip': theano is not a contender with --what sampl"),
        (['--what', 'training', '--skip', 'copy'], 'copy is not a contender'),
    ],
)
def test_invalid_options_are_rejected(monkeypatch, arguments, message):
    monkeypatch.setattr('lasagne_stn.bench.run', pytest.fail)
    outcome = CliRunner().invoke(cli.commands, ['bench', *arguments])
    assert outcome.exit_code == 2
    assert message in ' '.join(outcome.output.split())


def test_options_reach_the_measurements(monkeypatch, fast_path, tmp_path):
    calls = []

    def measure(cases, names, threads, runs, theta, report):
        calls.append((len(cases), list(names), threads, runs, theta))
        return [dict(RESULTS[0], threads=threads)]

    monkeypatch.setattr(bench, 'measure_samplers', measure)
    monkeypatch.setattr(bench, 'has_torch', lambda: False)
    monkeypatch.setattr(
        bench,
        'draw_scaling',
        lambda results: (scaling.new_figure(1, 1), {('batch', 'fused', 'both'): 1.0}),
    )
    console = Console(width=150, record=True, file=io.StringIO())
    figures = bench.run(
        console,
        Options(threads=(3,), runs=2, theta='identity', skip=('copy',), portable=True),
        plot_file=str(tmp_path / 'a.png'),
    )
    assert config.fast_path is False
    assert calls[0] == (len(SHAPES) * 3, ['fused', 'explicit'], 3, 2, 'identity')
    assert calls[1][1:] == (['fused'], 3, 2, 'identity')
    assert figures['powers'] == {'batch, fused, both': 1.0}
    assert 'pip install torch' in console.export_text()


def test_busy_cores_are_measured():
    work = [sys.executable, '-c', 'while True: pass']
    with subprocess.Popen(work) as other:
        try:
            assert busy_cores(0.5) > 0.3
        finally:
            other.kill()


def test_a_busy_machine_prints_a_warning(monkeypatch, fast_path):
    monkeypatch.setattr(bench, 'measure_samplers', lambda *args: [])
    monkeypatch.setattr(
        bench,
        'sampler_table',
        lambda results, count, device: sampler_table(RESULTS, count),
    )
    for cores, warned in ((0.05, False), (0.8, True)):
        monkeypatch.setattr(
            'lasagne_stn._platform.machine.busy_cores', partial(float, cores)
        )
        console = Console(width=150, record=True, file=io.StringIO())
        figures = bench.run(console, Options(threads=(1,), skip=('torch',)))
        assert figures['machine']['busy_cores'] == cores
        assert ('other programs are using 0.8 cores' in console.export_text()) is warned
