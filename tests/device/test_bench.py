"""The benchmark on the device: its contender and its command."""

import json

import numpy as np
import theano
from click.testing import CliRunner

from helpers import oracle
from lasagne_stn import cli
from lasagne_stn.bench import Shape
from lasagne_stn.bench.cases import arrays_of, make_inputs
from lasagne_stn.bench.device import DeviceSampler
from lasagne_stn.bench.samplers import TheanoSampler

SHAPE = Shape(3, 2, 9, 13, 2)


def test_the_contender_computes_on_the_device_what_the_cpu_does():
    ours = DeviceSampler(True)
    ours.load(SHAPE, 'both', 'noise')
    assert ours.time() > 0
    found = ours.results()
    cpu = TheanoSampler(
        True,
        mode=theano.compile.get_mode('FAST_COMPILE')
        .including('lasagne_stn_fuse')
        .excluding('gpuarray'),
    )
    cpu.load(SHAPE, 'both', 'noise')
    assert len(found) == len(arrays_of('both'))
    for mine, other in zip(found, cpu.results()):
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-4)
    images, theta, _ = make_inputs(SHAPE)
    points = oracle.affine(theta, oracle.target_points(SHAPE.output[2:], True))
    np.testing.assert_allclose(found[0], oracle.sample(images, points), atol=1e-5)


def test_the_command_measures_on_the_device(tmp_path):
    path = str(tmp_path / 'figures.json')
    arguments = [
        'bench',
        '--device',
        theano.config.device,
        '--shape',
        '3,1,8,10',
        '--work',
        'forward',
        '--runs',
        '2',
        '--skip',
        'explicit',
        '--skip',
        'torch',
        '--json',
        path,
    ]
    outcome = CliRunner().invoke(cli.commands, arguments)
    assert outcome.exit_code == 0, outcome.output
    assert 'Milliseconds, ' + theano.config.device in outcome.output
    with open(path) as file:
        figures = json.load(file)
    (row,) = figures['results']
    assert set(row['ms']) == {'fused'} and row['ms']['fused'] > 0
    assert figures['device'] == DeviceSampler(True).name()
