"""The demo's training loop: both networks learn from the same distorted images."""

from collections import namedtuple

import numpy as np

from ..data import distort_rts
from ..paper.learner import weights_from
from .networks import Classifier, build_networks

__all__ = ['Result', 'train', 'canvas_size']

TEST_COPIES = 4  # distorted copies of each test image of a small set
FEW = 2000  # test images; below that they are copied

Result = namedtuple(
    'Result', 'plain transformer errors epochs interrupted test before after'
)
Result.__doc__ = """What training gave.

The two `Classifier` objects, their `errors` (fractions, in the same order), the whole
`epochs` done, whether the user `interrupted`, the `test` images and labels (one of each
class), and what the transformer made of these `before` and `after` training: source
points and output.
"""


def train(data, settings, report=lambda done, total, losses: None):
    """Train both networks on the same distorted images.

    Every batch is distorted anew; the test images are distorted once, in four ways
    each if they are few. Ctrl-C ends training; what was learnt until then is judged.

    Parameters
    ----------
    data : tuple of numpy array
        Training images and labels, test images and labels, as
        :func:`lasagne_stn.data.load_digits` returns them.
    settings : Settings
    report : callable, optional
        Called after each batch with the number of batches done, that of all, and the
        losses of the plain and the transformer's network in this batch.

    Returns
    -------
    Result
    """
    images, labels, test_images, test_labels = data
    copies = TEST_COPIES if len(test_images) < FEW else 1
    order, noise, held_out = (
        np.random.default_rng([settings.seed, use]) for use in range(3)
    )
    canvas = canvas_size(images)
    test = (
        distort_rts(np.repeat(test_images, copies, axis=0), held_out, canvas),
        np.repeat(test_labels, copies),
    )
    plain, warping = _classifiers(canvas, 1 + labels.max(), settings)
    ten = [int(np.argmax(test[1] == digit)) for digit in np.unique(test[1])[:10]]
    before = warping.look(test[0][ten])[1:]

    starts = range(0, len(images), settings.batch_size)
    total, done, interrupted = settings.epochs * len(starts), 0, False
    try:
        for epoch in range(settings.epochs):
            chosen = order.permutation(len(images))
            rate = settings.learning_rate * _decay(epoch / settings.epochs)
            for start in starts:
                batch = chosen[start : start + settings.batch_size]
                distorted = distort_rts(images[batch], noise, canvas)
                losses = [
                    network.learn(distorted, labels[batch], rate)
                    for network in (plain, warping)
                ]
                done += 1
                report(done, total, losses)
    except KeyboardInterrupt:
        interrupted = True
    errors = [network.error(*test) for network in (plain, warping)]
    after = warping.look(test[0][ten])[1:]
    return Result(
        plain,
        warping,
        errors,
        done // len(starts),
        interrupted,
        (test[0][ten], test[1][ten]),
        before,
        after,
    )


def _classifiers(canvas, num_classes, settings):
    """Both classifiers, their initial weights drawn from the seed."""
    with weights_from(settings.seed):
        plain, warping, transformer = build_networks(canvas, num_classes, settings)
    return Classifier(plain, settings), Classifier(warping, settings, transformer)


def canvas_size(images):
    """Rows and columns that images are placed in: half as many again as they have."""
    return tuple(3 * pixels // 2 for pixels in images.shape[1:])


def _decay(progress):
    """Factor of the learning rate at a fraction of all epochs."""
    return 1 if progress < 0.6 else 0.3 if progress < 0.85 else 0.1
