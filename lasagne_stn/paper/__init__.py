"""The experiments of the 2015 paper: networks, data, training and its records."""

from .checkpoint import append_line, load_checkpoint, read_lines, save_checkpoint
from .experiments import EXPERIMENTS, Experiment
from .learner import Learner, build_learner
from .networks import MODELS, TRANSFORMS, build_network, network_words
from .training import SCHEDULES, Result, Run, load_run, rate_at, test_set, train

__all__ = [
    'Experiment',
    'EXPERIMENTS',
    'MODELS',
    'TRANSFORMS',
    'SCHEDULES',
    'Run',
    'Result',
    'Learner',
    'build_learner',
    'build_network',
    'network_words',
    'train',
    'load_run',
    'test_set',
    'rate_at',
    'save_checkpoint',
    'load_checkpoint',
    'append_line',
    'read_lines',
]
