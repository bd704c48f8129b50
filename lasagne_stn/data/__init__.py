"""Reads images as numpy arrays and distorts them for training.

- Readers: `load_digits` (scikit-learn), `load_mnist` (IDX files), `load_cluttered`
  (``.npz`` files), `fetch_mnist` (download), `find_data` (any of these).
- The paper's distortions: `distort_r`, `distort_rts`, `distort_p`, `distort_e`, and
  `place_on_canvas` for clutter.
"""

from .clutter import place_on_canvas
from .cluttered_mnist import load_cluttered
from .digits import load_digits
from .distortions import distort_e, distort_p, distort_r, distort_rts
from .mnist import load_mnist
from .sources import MNIST, fetch_mnist, find_data

__all__ = [
    'MNIST',
    'find_data',
    'fetch_mnist',
    'load_digits',
    'load_mnist',
    'load_cluttered',
    'distort_r',
    'distort_rts',
    'distort_p',
    'distort_e',
    'place_on_canvas',
]
