"""The experiments of the 2015 paper: tasks, networks, training, results and tables."""

from .checkpoint import append_line, load_checkpoint, read_lines, save_checkpoint
from .learner import Learner, adam_updates, momentum_updates
from .networks import MODELS, TRANSFORMS, build_network, network_spec
from .tasks import COLOCALISATION, DIGITS, TASKS, Task
from .tasks.colocalisation import Search
from .tasks.digits import SCHEDULES, Run
from .tasks.digits_experiments import EXPERIMENTS, Experiment
from .training import Result

train = DIGITS.train
load_run = DIGITS.load_run
test_set = DIGITS.test_set

__all__ = [
    'Task',
    'TASKS',
    'DIGITS',
    'COLOCALISATION',
    'Experiment',
    'EXPERIMENTS',
    'MODELS',
    'TRANSFORMS',
    'SCHEDULES',
    'Run',
    'Search',
    'Result',
    'Learner',
    'momentum_updates',
    'adam_updates',
    'build_network',
    'network_spec',
    'train',
    'load_run',
    'test_set',
    'save_checkpoint',
    'load_checkpoint',
    'append_line',
    'read_lines',
]
