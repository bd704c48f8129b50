"""Source points for tests of samplers."""

import numpy as np

SCIPY_MODES = {
    'nearest': 'nearest',
    'mirror': 'mirror',
    'reflect': 'reflect',
    'wrap': 'grid-wrap',
    'constant': 'grid-constant',
}


def random_points(rng, size, images, border_mode='nearest', spread=1.6):
    """Points in and out of the image, none within 1e-3 pixels of a kink."""
    points = rng.uniform(-spread, spread, size=size)
    coordinates = points * (np.array(images.shape[:1:-1]) - 1) / 2
    close = np.abs(coordinates * 2 - np.round(coordinates * 2)) < 2e-3
    return points + close * 3e-3
