"""What each kind of task says, so that tables, pages and commands need not ask."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Callable, Mapping, NamedTuple, Sequence

if TYPE_CHECKING:
    import numpy as np

    from .dataset import Dataset

__all__ = ['SCHEDULE_NAMES', 'TableSpec', 'Cell', 'Task']

SCHEDULE_NAMES = ('paper', 'short')  # the paper's iterations, or a tenth of them


class TableSpec(NamedTuple):
    """A table of results.

    Attributes
    ----------
    title : str
    measure : str
        What its figures are, with their unit.
    groups : tuple of str
        Its groups of rows, in order.
    logarithmic : bool
        Whether its picture has a logarithmic axis.
    """

    title: str
    measure: str
    groups: tuple[str, ...]
    logarithmic: bool = False


class Cell(NamedTuple):
    """A row of a table.

    Attributes
    ----------
    group, name : str
        The group of rows, and the paper's name for the model.
    run : namedtuple
        What is trained; seed, schedule and data may differ.
    low, high : float
        The paper's figure in percent; they differ where it gives only a range.
    """

    group: str
    name: str
    run: Any
    low: float
    high: float


class Task(ABC):
    """A kind of experiment: its settings, data, training, tables and prose.

    Everything else in this package knows a task only by this interface and finds it in
    the registry, ``lasagne_stn.paper.tasks.TASKS``. A task has no state: worker
    processes receive it pickled.

    Attributes
    ----------
    name : str
        Name in the registry and, if there are no other `experiments`, in results.
    settings : type
        A namedtuple of all that decides what a run computes. It has at least ``seed``,
        ``iterations`` and ``data`` (the fingerprint of its data).
    dataset : Dataset
        Where the data come from. Tasks may share it.
    tables : mapping
        From the name of each table that the task fills to its :class:`TableSpec`.
    cell_fields : sequence of str
        The settings that decide which cell of a table a run belongs to.
    figure : str
        Key of the figure, in percent, in a line of results.
    note : str
        Prose for the page: what the columns mean, and how our setup differs from the
        paper's.
    schedules : mapping, optional
        From each of ``SCHEDULE_NAMES`` to a number of iterations. A task without
        schedules keeps the iterations of its cells.
    """

    name: str
    settings: Any
    dataset: Dataset
    tables: Mapping[str, TableSpec]
    cell_fields: Sequence[str]
    figure: str
    note: str
    schedules: Mapping[str, int] = {}

    @property
    def experiments(self) -> Sequence[str]:
        """The values of ``experiment`` in this task's lines of results."""
        return (self.name,)

    @abstractmethod
    def cells(self, table: str) -> list[Cell]:
        """Return the cells of one of `tables`, group by group."""

    @abstractmethod
    def file_name(self, run: Any) -> str:
        """Return the name of a run's files, without an ending."""

    @abstractmethod
    def arguments(self, run: Any) -> str:
        """Return the command that repeats a run, without its seed and data.

        For example ``train --experiment R --model fcn``.
        """

    @abstractmethod
    def sample_batch(
        self, run: Any, data: Sequence[np.ndarray], iteration: int
    ) -> tuple[np.ndarray, ...]:
        """Return the batch of an iteration.

        It depends only on the settings, the data and the number of the iteration, so
        that a run that was killed continues bit for bit.
        """

    @abstractmethod
    def measure(
        self,
        run: Any,
        data: Sequence[np.ndarray],
        folder: str,
        open_bar: Callable[..., Any],
        every: int,
    ) -> dict:
        """Train one run and measure it; continue from its checkpoint if there is one.

        Parameters
        ----------
        run : namedtuple
            An instance of `settings`.
        data : sequence of numpy array
            See ``Dataset.find``.
        folder : str
            Where the checkpoint and other files go; it is created if necessary.
        open_bar : callable
            ``open_bar(iterations, batch_size, before=0)`` returns a context manager
            with a method ``report(iteration, loss, error)``, where the error is a
            fraction, or None before the first test. A run with several stages opens
            a bar for each; `before` counts the iterations of earlier stages.
        every : int
            Iterations from one checkpoint to the next.

        Returns
        -------
        dict
            The line of results: what JSON can hold, with all settings, 'experiment',
            `figure`, 'num_params', 'seconds', 'history' and 'machine'.

        Raises
        ------
        ValueError
            If data, settings and checkpoint do not fit together.
        FloatingPointError
            If the loss is no longer finite.
        """

    @abstractmethod
    def summary(self, run: Any, line: Mapping, folder: str) -> list[str]:
        """Return what the command prints about a line of results, line by line."""

    def bar_length(self, run: Any) -> int:
        """Return the number of iterations of all stages of a run."""
        return run.iterations

    def scheduled(self, run: Any, schedule: str) -> Any:
        """Return a run with the iterations of one of ``SCHEDULE_NAMES``."""
        return run._replace(iterations=self.schedules.get(schedule, run.iterations))

    def same_cell(self, run: Any, other: Any) -> bool:
        """Return whether two runs belong to the same cell."""
        return type(run) is type(other) and all(
            getattr(run, name) == getattr(other, name) for name in self.cell_fields
        )

    def missing_key(self, line: Mapping) -> str | None:
        """Return the first key that a line of results lacks; None if it is complete."""
        needed = (*self.settings._fields, 'num_params', self.figure)
        return next((name for name in needed if name not in line), None)

    def read(self, line: Mapping) -> Any:
        """Return the settings in a complete line of results."""
        return self.settings(**{name: line[name] for name in self.settings._fields})

    def command(self, run: Any, seeds: Sequence[int] | None = None) -> str:
        """Return the command that repeats a run.

        Parameters
        ----------
        run : namedtuple
            An instance of `settings`.
        seeds : sequence of int, optional
            Several seeds to use instead of the run's own.

        Returns
        -------
        str

        Examples
        --------
        >>> from lasagne_stn.paper import DIGITS, Run
        >>> DIGITS.command(Run('R', 'st-fcn', 'tps', iterations=15000))
        'lasagne-stn train --experiment R --model st-fcn --transform tps
        --schedule short --seed 1 --data DIR'
        >>> DIGITS.command(Run(iterations=600, momentum=.5), [1, 3])
        'for seed in 1 3; do lasagne-stn train --experiment R --model fcn
        --iterations 600 --momentum 0.5 --seed $seed --data DIR; done'
        """
        seeds = list(seeds or [run.seed])
        seed = str(seeds[0]) if len(seeds) == 1 else '$seed'
        text = 'lasagne-stn %s --seed %s%s' % (
            self.arguments(run),
            seed,
            self.dataset.option(run.data),
        )
        if len(seeds) == 1:
            return text
        return 'for seed in %s; do %s; done' % (' '.join(map(str, seeds)), text)

    def changed_options(self, run: Any, default: Any, names: Sequence[str]) -> str:
        """Return command-line options for settings that differ from the default.

        Parameters
        ----------
        run, default : namedtuple
            Instances of `settings`.
        names : sequence of str
            The settings to compare.

        Returns
        -------
        str
            Each option has a space in front.
        """
        return ''.join(
            ' --%s %s' % (name.replace('_', '-'), getattr(run, name))
            for name in names
            if getattr(run, name) != getattr(default, name)
        )

    def __repr__(self) -> str:
        return '%s(%r, tables %s)' % (
            type(self).__name__,
            self.name,
            ', '.join(self.tables),
        )
