"""The paper's experiments with distorted, cluttered and added digits."""

from __future__ import annotations

from typing import Any, NamedTuple, Sequence

import numpy as np

from ... import checks
from ..learner import Learner, momentum_updates, weights_from
from ..networks import build_network, input_layer, network_spec, transformers
from ..training import batch_indices, batch_rng, test_rng
from .base import Cell, TableSpec
from .digits_data import DIGITS_DATASET
from .digits_experiments import EXPERIMENTS, NOTE, Experiment
from .supervised import SupervisedTask

__all__ = ['Run', 'SCHEDULES', 'Digits', 'DIGITS']

SCHEDULES = {'paper': 150000, 'short': 15000}  # iterations
FEW = 2000  # a test set with fewer images is distorted in four ways
ERROR = 'test error in percent'
SHORT = {None: '', 'affine': ' Aff', 'projective': ' Proj', 'tps': ' TPS'}
UNNAMED = 'affine'  # our transform where the paper does not name its own


class Run(NamedTuple):
    """All that decides what a training with digits computes.

    Attributes
    ----------
    experiment, model : str
    transform : str or None
        None for a model without a transformer.
    seed : int
        Random seed for weights and batches.
    iterations : int
        The learning rate is divided by 10 after each third.
    batch_size : int
    learning_rate : float
        The initial one.
    momentum : float
    localisation_rate : float
        Factor of the learning rate in localisation networks.
    data : str
        Fingerprint of the data set.
    """

    experiment: str = 'R'
    model: str = 'fcn'
    transform: str | None = None
    seed: int = 1
    iterations: int = SCHEDULES['paper']
    batch_size: int = 256
    learning_rate: float = 0.01
    momentum: float = 0.9
    localisation_rate: float = 1.0
    data: str = ''


class Digits(SupervisedTask):
    """Classification of distorted digits: table 1, clutter, and sums of two digits."""

    name = 'digits'
    settings = Run
    dataset = DIGITS_DATASET
    schedules = SCHEDULES
    cell_fields = ('experiment', 'model', 'transform')
    note = NOTE
    tables = {
        'table1': TableSpec(
            'Table 1: distorted digits', ERROR, ('R', 'RTS', 'P', 'E'), True
        ),
        'tc': TableSpec('Cluttered digits', ERROR, ('TC',), True),
        'addition': TableSpec('The sum of two digits', ERROR, ('addition',), True),
    }

    @property
    def experiments(self) -> Sequence[str]:
        """The names of the experiments."""
        return tuple(EXPERIMENTS)

    def cells(self, table: str) -> list[Cell]:
        """Return the cells of a table, group by group.

        Parameters
        ----------
        table : str
            One of `tables`.

        Returns
        -------
        list of Cell

        Examples
        --------
        >>> for cell in DIGITS.cells('tc'):
        ...     print(cell.name, cell.run.model, cell.run.transform, cell.low)
        FCN fcn None 13.2
        CNN cnn None 3.5
        ST-FCN Aff st-fcn affine 2.0
        ST-CNN Aff st-cnn affine 1.7
        """
        cells = []
        for group in self.tables[table].groups:
            for (model, transform), error in EXPERIMENTS[group].published.items():
                transform = UNNAMED if transform == 'best' else transform
                name = model.upper().replace('2-', '2 x ') + SHORT[transform]
                cells.append(
                    Cell(group, name, Run(group, model, transform), error, error)
                )
        return cells

    def file_name(self, run: Run) -> str:
        """Return the name of a run's files, without an ending.

        >>> DIGITS.file_name(Run('RTS', 'st-fcn', 'affine', seed=2, iterations=15000))
        'RTS-st-fcn-affine-15000-seed2'
        """
        parts = run.experiment, run.model, run.transform, run.iterations
        given = [str(part) for part in parts if part is not None]
        return '-'.join(given + ['seed%d' % run.seed])

    def arguments(self, run: Run) -> str:
        """Return the command that repeats a run, without its seed and data."""
        text = 'train --experiment %s --model %s' % run[:2]
        if run.transform:
            text += ' --transform ' + run.transform
        names = ['batch_size', 'learning_rate', 'momentum', 'localisation_rate']
        if run.iterations == SCHEDULES['short']:
            text += ' --schedule short'
        else:
            names = ['iterations'] + names
        return text + self.changed_options(run, Run(), names)

    def check(self, run: Run, data: Sequence[np.ndarray]) -> None:
        """Raise ValueError if the run cannot be trained on these data."""
        self._experiment(run)
        super().check(run, data)
        if run.transform is None and run.localisation_rate != 1:
            raise checks.argument_error(
                'train',
                'localisation_rate',
                'be 1 for %s, which has no localisation network' % run.model,
                run.localisation_rate,
            )

    def build_learner(self, run: Run) -> Learner:
        """Return a learner whose weights are drawn from the run's seed.

        Its predictions include theta of each transformer.
        """
        experiment = self._experiment(run)
        with weights_from(run.seed):
            network = build_network(
                network_spec(experiment, run.model, run.transform),
                input_layer(experiment.size, channels=experiment.channels),
                experiment.classes,
            )
        thetas = [warp.input_layers[1] for warp in transformers(network)]
        updates = momentum_updates(run.momentum, run.localisation_rate)
        return Learner(network, updates, thetas)

    def sample_batch(
        self, run: Run, data: Sequence[np.ndarray], iteration: int
    ) -> tuple[np.ndarray, ...]:
        """Return distorted training images and their labels; see `Experiment`."""
        images, labels = data[:2]
        chosen = batch_indices(run, iteration, len(images))
        return self._experiment(run).sample_batch(
            images, labels, chosen, batch_rng(run, iteration)
        )

    def test_set(
        self, run: Run, data: Sequence[np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the test images of an experiment, the same for every seed.

        Parameters
        ----------
        run : Run
            Only its experiment counts.
        data : sequence of numpy array
            Training images and labels, test images and labels.

        Returns
        -------
        images : numpy array
            float32, shape ``(images, channels, size, size)``: each test image distorted
            once, or in four ways if there are few.
        labels : numpy array
            int32, ``(images,)``.

        Raises
        ------
        ValueError
            If the images are not 28 x 28 pixels.
        """
        self.dataset.check('test_set', data)
        images, labels = data[2:]
        copies = 1 if len(images) >= FEW else 4
        chosen = np.repeat(np.arange(len(images)), copies)
        return self._experiment(run).sample_batch(images, labels, chosen, test_rng())

    def rate_at(self, run: Run, iteration: int) -> float:
        """Return the learning rate: divided by 10 after each third of the iterations.

        >>> run = Run(iterations=6, learning_rate=1)
        >>> [DIGITS.rate_at(run, iteration) for iteration in range(6)]
        [1.0, 1.0, 0.1, 0.1, 0.01, 0.01]
        """
        return run.learning_rate / 10.0 ** (3 * iteration // run.iterations)

    def _experiment(self, run: Any) -> Experiment:
        checks.choice('train', 'experiment', run.experiment, tuple(EXPERIMENTS))
        return EXPERIMENTS[run.experiment]


DIGITS = Digits()
