"""The convolutions to measure: the paper's layers and others, and their inputs."""

from __future__ import annotations

from collections import namedtuple
from typing import Any, Iterator, Mapping, Sequence

import numpy as np

from .training_networks import TRAINING_NETWORKS, TrainingNetwork

__all__ = [
    'ConvolutionCase',
    'CONVOLUTION_CASES',
    'CONVOLUTION_WORKS',
    'case_of',
    'convolutions_of',
    'make_convolution_inputs',
]

CONVOLUTION_WORKS = {
    'forward': 'forward',
    'gradients': 'forward + gradients of images, weights and bias',
}
CHANNELS = (1, 3, 16, 64, 73)  # of the cases that belong to no network


class ConvolutionCase(
    namedtuple(
        'ConvolutionCase', 'images channels rows columns filters kernel padding pool'
    )
):
    """Sizes of a convolution with bias, rectifier and max-pooling.

    Attributes
    ----------
    images, channels, rows, columns : int
        Shape of the input.
    filters : int
        Number of filters.
    kernel : int
        Rows and columns of a filter.
    padding : int
        Pixels of padding on each side.
    pool : int
        Rows and columns of a pooling window; 1 for no pooling.

    Examples
    --------
    >>> case = ConvolutionCase.parse('256,1,28,26,73,9,0,2')
    >>> print(case)
    256 x 1 x 28 x 26, 73 x 9 x 9, max 2
    >>> case.output
    (256, 73, 10, 9)
    """

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> ConvolutionCase:
        """Parse 'images,channels,rows,columns,filters,kernel,padding,pool'.

        Raises
        ------
        ValueError
            If `text` has another format, or the output would be empty.
        """
        try:
            numbers = [int(number) for number in text.split(',')]
        except ValueError:
            numbers = []
        least = [1, 1, 1, 1, 1, 1, 0, 1]
        if len(numbers) != len(least) or any(map(int.__lt__, numbers, least)):
            raise ValueError(
                'a case must be images,channels,rows,columns,filters,kernel,padding,'
                'pool, all positive integers but for padding, which can be 0; got %r'
                % text
            )
        case = cls(*numbers)
        if min(case.output) < 1:
            raise ValueError(
                'a case must give an output of at least one pixel, got %r' % text
            )
        return case

    @property
    def output(self) -> tuple[int, ...]:
        """Shape of the output after pooling."""
        grow = 2 * self.padding - self.kernel + 1
        return (
            self.images,
            self.filters,
            (self.rows + grow) // self.pool,
            (self.columns + grow) // self.pool,
        )

    def __str__(self):
        return '%d x %d x %d x %d, %d x %d x %d' % (
            *self[:5],
            self.kernel,
            self.kernel,
        ) + ''.join(
            ', %s %d' % (name, number)
            for name, number, usual in (
                ('padding', self.padding, 0),
                ('max', self.pool, 1),
            )
            if number != usual
        )


def case_of(result: Mapping[str, Any]) -> ConvolutionCase:
    """Return the case of a result, which contains its sizes."""
    return ConvolutionCase(*[result[name] for name in ConvolutionCase._fields])


def convolutions_of(network: TrainingNetwork) -> list[ConvolutionCase]:
    """Return the convolutions of a network in the order of its layers.

    Parameters
    ----------
    network : TrainingNetwork

    Returns
    -------
    list of ConvolutionCase

    Examples
    --------
    >>> for case in convolutions_of(TRAINING_NETWORKS['R CNN']):
    ...     print(case)
    256 x 1 x 28 x 28, 73 x 9 x 9, max 2
    256 x 73 x 10 x 10, 73 x 7 x 7, max 2
    """
    shape = network.batch, network.channels, network.size, network.size
    return list(_convolutions(network.spec, shape))


def _convolutions(
    spec: Sequence[tuple], shape: tuple[int, ...]
) -> Iterator[ConvolutionCase]:
    for (kind, *sizes), following in zip(spec, [*spec[1:], ('end',)]):
        if kind == 'conv':
            filters, width, *padding = sizes
            pool = following[1] if following[0] == 'max' else 1
            padded = padding[0] if padding else 0
            case = ConvolutionCase(*[*shape, filters, width, padded, pool])
            yield case
            # Pooling, the next layer, divides the size.
            shape = case._replace(pool=1).output
        elif kind in ('max', 'mean'):
            shape = (*shape[:2], *[side // sizes[0] for side in shape[2:]])
        elif kind == 'warp':
            yield from _convolutions(sizes[1], shape)
            shape = (*shape[:2], *([sizes[2]] * 2 if sizes[2] else shape[2:]))


CONVOLUTION_CASES = tuple(
    dict.fromkeys(
        [
            case
            for network in TRAINING_NETWORKS.values()
            for case in convolutions_of(network)
        ]
        + [
            ConvolutionCase(64, channels, 32, 32, 32, kernel, padding, 2)
            for kernel, padding in ((3, 1), (11, 0))
            for channels in CHANNELS
        ]
    )
)


def make_convolution_inputs(case: ConvolutionCase) -> dict[str, np.ndarray]:
    """Return the inputs of a convolution and a gradient with respect to its output.

    Parameters
    ----------
    case : ConvolutionCase

    Returns
    -------
    dict
        'images', 'weights' (filters as Lasagne has them), 'bias' and 'cotangent':
        float32 arrays, the same in every process.
    """
    rng = np.random.default_rng(1)
    inputs = case.channels * case.kernel**2
    shape = case.filters, case.channels, case.kernel, case.kernel
    weights = rng.standard_normal(shape, dtype=np.float32) * np.float32(inputs**-0.5)
    return {
        'images': rng.random(tuple(case[:4]), dtype=np.float32),
        'weights': weights,
        'bias': rng.standard_normal(case.filters, dtype=np.float32),
        'cotangent': rng.standard_normal(case.output, dtype=np.float32),
    }
