"""The paper's experiments with digits: data, units, published errors [1]_.

All models of an experiment of the paper have the same number of parameters, within
5 %: 400 000 as in the paper, but on 28 x 28 pixels what its largest fully connected
network has (256 units a layer), 269 000. For that filters are more than the paper's 64,
and units of a layer fewer than its 128 or more than its 256, where it cannot be else.

References
----------
.. [1] Jaderberg et al. (2015): Spatial Transformer Networks, table 1, appendix A.
"""

from collections import OrderedDict, namedtuple

import numpy as np

from ..data import distort_e, distort_p, distort_r, distort_rts, place_on_canvas

__all__ = ['Experiment', 'EXPERIMENTS']

Experiment = namedtuple(
    'Experiment', 'draw size channels classes units warped pool published'
)
Experiment.__doc__ = """What is learnt from what, by which networks.

Attributes
----------
draw : callable
    ``draw(images, labels, chosen, rng)`` distorts the chosen images: float32, shape
    ``(chosen, channels, size, size)``, and their labels, int32.
size, channels : int
    Pixels along a side of the images, and how many lie over one another.
classes : int
units : dict
    From each model to the units of its layers.
warped : dict
    From 'fcn' or 'cnn' to the pixels along a side of a transformer's output, where they
    differ from the input's: on RTS pooling would leave 21 x 21 of
    42 x 42, too few for the two convolutions.
pool : int
    That output is average-pooled by it.
published : dict
    From (model, transform) to the paper's error in percent; the transform is None for
    a model without, and 'best' where the paper does not say.
"""


def _single(distort):
    def draw(images, labels, chosen, rng):
        return distort(images[chosen], rng)[:, np.newaxis], labels[chosen]

    return draw


def _as_they_are(images, labels, chosen, rng):
    return images[chosen][:, np.newaxis], labels[chosen]


def _cluttered(images, labels, chosen, rng):
    canvases, _ = place_on_canvas(images[chosen], rng, others=images)
    return canvases[:, np.newaxis], labels[chosen]


def _pairs(images, labels, chosen, rng):
    """Two digits, each in its channel; the second is drawn at random."""
    second = rng.integers(len(images), size=len(chosen))
    both = [distort_rts(images[index], rng) for index in (chosen, second)]
    return np.stack(both, axis=1), labels[chosen] + labels[second]


def _table_1(fcn, cnn, st_fcn, st_cnn):
    """Errors of a column of table 1; a transformer's are affine, projective, spline."""
    published = OrderedDict([(('fcn', None), fcn), (('cnn', None), cnn)])
    for model, errors in (('st-fcn', st_fcn), ('st-cnn', st_cnn)):
        for transform, error in zip(('affine', 'projective', 'tps'), errors):
            published[model, transform] = error
    return published


SMALL = {'fcn': 256, 'cnn': 73, 'st-fcn': 234, 'st-cnn': 71}
MIDDLE = {'fcn': 202, 'cnn': 87, 'st-fcn': 400, 'st-cnn': 87}
LARGE = {'fcn': 108, 'cnn': 80, 'st-fcn': 247, 'st-cnn': 85}
PAIRS = {'fcn': 107, 'cnn': 83, 'st-fcn': 251, '2-st-fcn': 93}
SAME, WARPED = {}, {'cnn': 56}  # where it differs from the input's size

EXPERIMENTS = OrderedDict(
    [
        (
            'R',
            Experiment(
                _single(distort_r),
                28,
                1,
                10,
                SMALL,
                SAME,
                1,
                _table_1(2.1, 1.2, (1.2, 1.3, 1.1), (0.7, 0.8, 0.7)),
            ),
        ),
        (
            'RTS',
            Experiment(
                _single(distort_rts),
                42,
                1,
                10,
                MIDDLE,
                WARPED,
                2,
                _table_1(5.2, 0.8, (0.8, 0.9, 0.8), (0.5, 0.6, 0.5)),
            ),
        ),
        (
            'P',
            Experiment(
                _single(distort_p),
                28,
                1,
                10,
                SMALL,
                SAME,
                1,
                _table_1(3.1, 1.5, (1.5, 1.4, 1.4), (0.8, 0.8, 0.8)),
            ),
        ),
        (
            'E',
            Experiment(
                _single(distort_e),
                28,
                1,
                10,
                SMALL,
                SAME,
                1,
                _table_1(3.2, 1.4, (2.7, 2.6, 2.4), (1.2, 1.3, 1.1)),
            ),
        ),
        (
            'TC',
            Experiment(
                _cluttered,
                60,
                1,
                10,
                LARGE,
                SAME,
                2,
                OrderedDict(
                    [
                        (('fcn', None), 13.2),
                        (('cnn', None), 3.5),
                        (('st-fcn', 'best'), 2.0),
                        (('st-cnn', 'best'), 1.7),
                    ]
                ),
            ),
        ),
        (
            'addition',
            Experiment(
                _pairs,
                42,
                2,
                19,
                PAIRS,
                SAME,
                2,
                OrderedDict(
                    [
                        (('fcn', None), 47.7),
                        (('cnn', None), 14.7),
                        (('st-fcn', 'affine'), 22.6),
                        (('st-fcn', 'projective'), 18.5),
                        (('st-fcn', 'tps'), 19.1),
                        (('2-st-fcn', 'affine'), 9.0),
                        (('2-st-fcn', 'projective'), 5.9),
                        (('2-st-fcn', 'tps'), 5.8),
                    ]
                ),
            ),
        ),
        # What co-localisation looks with; its images need no transformer.
        ('digits', Experiment(_as_they_are, 28, 1, 10, {'cnn': 32}, SAME, 1, {})),
    ]
)
