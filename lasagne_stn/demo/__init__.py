"""The main job: a classifier with a transformer against the same one without."""

from .demo import draw, read_data, run
from .networks import Classifier, Settings, build_networks
from .training import Result, train

__all__ = [
    'Settings',
    'Classifier',
    'build_networks',
    'Result',
    'train',
    'read_data',
    'draw',
    'run',
]
