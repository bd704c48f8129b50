"""The demo: a classifier with a transformer against the same one without."""

from .classifiers import Settings, build_learner, build_networks
from .command import draw, read_data, run
from .comparison import Result, train

__all__ = [
    'Settings',
    'build_learner',
    'build_networks',
    'Result',
    'train',
    'read_data',
    'draw',
    'run',
]
