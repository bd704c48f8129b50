"""Where the data of a task come from, and what they must look like."""

from __future__ import annotations

import os
import zlib
from abc import ABC, abstractmethod
from typing import Mapping, NamedTuple, Sequence

import numpy as np

__all__ = ['Dataset', 'KnownData']


class KnownData(NamedTuple):
    """A published data set: its name, and the command-line option that selects it."""

    name: str
    option: str


class Dataset(ABC):
    """The data that a task learns from.

    A subclass says how they are found and what they must look like. Tasks that learn
    from the same data share one object.

    Attributes
    ----------
    keywords : sequence of str
        What ``--data`` takes beside the path of a file or folder.
    variable : str or None
        The environment variable that replaces a missing ``--data``.
    known : mapping
        From the fingerprint of published data to their :class:`KnownData`.
    """

    keywords: Sequence[str] = ()
    variable: str | None = None
    known: Mapping[str, KnownData] = {}

    @abstractmethod
    def find(self, source: str | None = None) -> tuple[tuple[np.ndarray, ...], str]:
        """Read the data.

        Parameters
        ----------
        source : str, optional
            A file, a folder or one of `keywords`; None selects the default.

        Returns
        -------
        data : tuple of numpy array
            Training images and labels, test images and labels.
        description : str
            What they are, for people.

        Raises
        ------
        OSError, ValueError
            If they are missing or damaged.
        """

    @abstractmethod
    def check(self, owner: str, data: Sequence[np.ndarray]) -> None:
        """Raise an error if a task cannot learn from these data.

        Parameters
        ----------
        owner : str
            The function that the error message names.
        data : sequence of numpy array
            What :meth:`find` returns.

        Raises
        ------
        ValueError
            If an array has the wrong shape or values.
        """

    def fingerprint(self, data: Sequence[np.ndarray]) -> str:
        """Return a short text that changes if any number in the data does.

        Parameters
        ----------
        data : sequence of numpy array
            Images, labels, images, labels.

        Returns
        -------
        str

        Examples
        --------
        >>> from lasagne_stn.paper.tasks import DIGITS
        >>> DIGITS.dataset.fingerprint([np.zeros(3, 'uint8'), np.zeros(2, 'uint8')])
        '3 images, checksum c622f71d'
        """
        checksum = 0
        for array in data:
            checksum = zlib.crc32(np.ascontiguousarray(array).data, checksum)
        return '%d images, checksum %08x' % (sum(map(len, data[::2])), checksum)

    def resolve(self, source: str | None) -> str | None:
        """Return a source that means the same in another folder and process.

        Parameters
        ----------
        source : str or None
            As for :meth:`find`.

        Returns
        -------
        str or None
            An absolute path, one of `keywords`, or None if the default needs neither.
        """
        if source is None and self.variable:
            source = os.environ.get(self.variable)
        if source not in (None, *self.keywords) and os.path.exists(str(source)):
            return os.path.abspath(str(source))
        return source

    def title(self, fingerprint: str | None) -> str:
        """Return the name of data with this fingerprint, if it is known.

        >>> from lasagne_stn.paper.tasks import DIGITS
        >>> DIGITS.dataset.title('1797 images, checksum 300afcf8')
        'the digits of scikit-learn'
        >>> DIGITS.dataset.title('5 images'), DIGITS.dataset.title(None)
        ('5 images', 'nothing is trained yet')
        """
        if fingerprint is None:
            return 'nothing is trained yet'
        return (
            self.known[fingerprint].name if fingerprint in self.known else fingerprint
        )

    def option(self, fingerprint: str) -> str:
        """Return the ``--data`` option that selects data with this fingerprint.

        >>> from lasagne_stn.paper.tasks import DIGITS
        >>> DIGITS.dataset.option('5 images')
        ' --data DIR'
        """
        if fingerprint in self.known:
            return self.known[fingerprint].option
        return ' --data DIR'

    def __repr__(self) -> str:
        names = [each.name for each in self.known.values()]
        return '%s(%s)' % (type(self).__name__, ', '.join(names))
