"""Whole networks: steps of training on the device against the CPU's."""

import numpy as np
import pytest
import theano

from helpers.host_work import host_operations
from lasagne_stn.bench import training_step
from lasagne_stn.bench.remote import Remote
from lasagne_stn.bench.training_networks import TRAINING_NETWORKS

STEPS = 10


class Training(training_step.TheanoTraining):
    """Steps from a transformation that reads no point at a pixel's centre.

    There the gradient jumps, and rounding would choose the side.
    """

    def start(self, name):
        """Compile; a process of its own gives back nothing that cannot be sent."""
        self.load(TRAINING_NETWORKS[name]._replace(batch=6, size=30))
        for value in self._arguments['updates']:
            if value.name == 'b' and value.get_value().shape == (6,):
                value.set_value(np.cos(np.float32([0.6, 1.4, 1.5, 1.7, 0.8, 1.65])))

    def learn(self):
        """Losses, and then what was learnt, with its momentum."""
        losses = [self.step() for _ in range(STEPS)]
        return losses, [
            np.asarray(value.get_value()) for value in self._arguments['updates']
        ]

    def host(self):
        """What the host had to compute."""
        return host_operations(self._step)


@pytest.mark.parametrize('name', ['ST-FCN', 'R ST-CNN'])
def test_ten_steps_equal_those_of_the_cpu(name):
    ours = Training()
    ours.start(name)
    assert ours.host() == []
    losses, values = ours.learn()
    assert losses[-1] < 0.95 * losses[0]
    with Remote(Training, threads=2, flags='device=cpu') as theirs:
        theirs.ask('start', name)
        expected_losses, expected = theirs.ask('learn')
    np.testing.assert_allclose(losses, expected_losses, rtol=1e-3)
    assert len(values) == len(expected) > 10
    for value, right in zip(values, expected):
        np.testing.assert_allclose(value, right, rtol=1e-3, atol=1e-3)
    assert theano.gpuarray.pygpu_activated
