"""The data of the tasks with digits: MNIST, or another set in its format."""

from __future__ import annotations

from typing import Sequence

import numpy as np

from ... import checks
from ...data import MNIST, find_data
from ...data.sources import VARIABLE
from .dataset import Dataset, KnownData

__all__ = ['DIGIT', 'DigitsDataset', 'DIGITS_DATASET']

DIGIT = 28  # pixels along a side of an image


class DigitsDataset(Dataset):
    """Images of 28 x 28 pixels of one digit each, and their labels, 0 to 9."""

    keywords = (MNIST,)
    variable = VARIABLE
    known = {
        '70000 images, checksum 02e91ca3': KnownData('MNIST', ' --data mnist'),
        '1797 images, checksum 300afcf8': KnownData('the digits of scikit-learn', ''),
    }

    def find(self, source: str | None = None) -> tuple[tuple[np.ndarray, ...], str]:
        """Read the images; see :func:`lasagne_stn.data.find_data`."""
        return find_data(source)

    def check(self, owner: str, data: Sequence[np.ndarray]) -> None:
        """Raise ValueError if the images are not 28 x 28 pixels."""
        for images in data[::2]:
            if images.shape[1:] != (DIGIT, DIGIT):
                raise checks.argument_error(
                    owner,
                    'data',
                    'have images of %d x %d pixels, which the experiments distort'
                    % (DIGIT, DIGIT),
                    images.shape[1:],
                )


DIGITS_DATASET = DigitsDataset()
