"""Co-localisation: finding the digit in images of one class, without boxes."""

from .canvases import boxes_of, overlap, sample_pairs
from .colocaliser import Colocaliser
from .picture import draw_found
from .settings import CLUTTER, Clutter, Search
from .task import COLOCALISATION, Colocalisation

__all__ = [
    'Clutter',
    'CLUTTER',
    'Search',
    'Colocaliser',
    'Colocalisation',
    'COLOCALISATION',
    'sample_pairs',
    'boxes_of',
    'overlap',
    'draw_found',
]
