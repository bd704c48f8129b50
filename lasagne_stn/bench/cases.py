"""The cases to measure: shapes, kinds of work and inputs, equal for all contenders."""

from __future__ import annotations

from collections import namedtuple

import numpy as np

__all__ = [
    'Shape',
    'SHAPES',
    'WORKS',
    'THETAS',
    'CONTENDERS',
    'make_inputs',
    'arrays_of',
    'bytes_moved',
]


class Shape(namedtuple('Shape', 'batch channels rows columns downsample')):
    """Sizes of the images, and the down-sampling factor of the output.

    Examples
    --------
    >>> shape = Shape.parse('256,1,60,40,2')
    >>> print(shape)
    256 x 1 x 60 x 40 / 2
    >>> shape.images, shape.output
    ((256, 1, 60, 40), (256, 1, 30, 20))
    """

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Shape:
        """Parse 'batch,channels,rows,columns' or '...,downsample'.

        Raises
        ------
        ValueError
            If `text` has another format, or the output would be empty.
        """
        try:
            numbers = [int(number) for number in text.split(',')]
        except ValueError:
            numbers = []
        if len(numbers) not in (4, 5) or min(numbers) < 1:
            raise ValueError(
                'a shape must be batch,channels,rows,columns[,downsample], all '
                'positive integers, got %r' % text
            )
        if min(numbers[2:4]) < (numbers + [1])[4]:
            raise ValueError(
                'a shape must give an output of at least one pixel, got %r' % text
            )
        return cls(*(numbers + [1])[:5])

    @property
    def images(self) -> tuple[int, ...]:
        """Shape of the images."""
        return tuple(self[:4])

    @property
    def output(self) -> tuple[int, ...]:
        """Shape of the output."""
        return tuple(self[:2]) + (
            self.rows // self.downsample,
            self.columns // self.downsample,
        )

    def __str__(self):
        return ' x '.join(map(str, self.images)) + (
            ' / %d' % self.downsample if self.downsample != 1 else ''
        )


SHAPES = tuple(
    Shape(*sizes)
    for sizes in (
        (256, 1, 28, 28, 1),
        (256, 1, 42, 42, 1),
        (256, 1, 60, 60, 3),
        (64, 3, 128, 128, 1),
        (16, 3, 224, 224, 1),
        (32, 64, 28, 28, 1),
        (8, 32, 128, 128, 1),
        (8, 3, 448, 448, 2),
        (1, 3, 1080, 1920, 1),
    )
)
WORKS = {
    'forward': 'forward',
    'both': 'forward + both gradients',
    'theta': 'forward + theta gradient',
}
THETAS = ('noise', 'identity', 'rotation')
CONTENDERS = {
    'fused': 'ours',
    'explicit': 'explicit',
    'torch': 'PyTorch',
    'copy': 'copy',
}
READ_AND_WRITTEN = {
    'forward': ('images', 'output'),
    'both': ('images', 'output', 'output', 'images'),
    'theta': ('images', 'output', 'output'),
}


def make_inputs(
    shape: Shape, theta: str = 'noise', seed: int = 1
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return inputs of the layer and a gradient with respect to its output.

    Parameters
    ----------
    shape : Shape
        Sizes of the images and the output.
    theta : {'noise', 'identity', 'rotation'}, optional
        'noise' is the identity plus normal noise with a standard deviation of 0.2,
        different for each image; 'rotation' is by 45 degrees.
    seed : int, optional
        The same seed gives the same arrays in every process.

    Returns
    -------
    images, theta, cotangent : numpy array
        float32. The shape of `cotangent` is that of the output.
    """
    rng = np.random.default_rng(seed)
    images = rng.random(shape.images, dtype=np.float32)
    cotangent = rng.standard_normal(shape.output, dtype=np.float32)
    matrices = np.tile([1.0, 0, 0, 0, 1, 0], (shape.batch, 1))
    if theta == 'noise':
        matrices += 0.2 * rng.standard_normal(matrices.shape)
    elif theta == 'rotation':
        matrices[:] = np.sqrt(0.5) * np.array([1, -1, 0, 1, 1, 0])
    return images, matrices.astype('float32'), cotangent


def arrays_of(work: str) -> list[str]:
    """Return the names of the results of a kind of work, in order.

    >>> arrays_of('theta')
    ['output', 'grad_theta']
    """
    return ['output'] + {
        'forward': [],
        'both': ['grad_images', 'grad_theta'],
        'theta': ['grad_theta'],
    }[work]


def bytes_moved(shape: Shape, work: str) -> int:
    """Return the bytes that must be read or written, counting each array once.

    Gradients also read the gradient with respect to the output. Theta is neglected.

    >>> bytes_moved(Shape(2, 1, 10, 10, 1), 'forward')
    1600
    """
    sizes = {
        name: 4 * int(np.prod(getattr(shape, name))) for name in ('images', 'output')
    }
    return sum(sizes[name] for name in READ_AND_WRITTEN[work])
