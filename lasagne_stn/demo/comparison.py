"""Trains the demo's two networks on the same distorted images."""

from __future__ import annotations

import time
from typing import Callable, NamedTuple, Sequence

import numpy as np

from ..data import distort_rts
from ..paper.learner import Learner, weights_from
from .classifiers import Settings, build_learner, build_networks

__all__ = ['Result', 'train', 'canvas_size']

TEST_COPIES = 4  # distorted copies of each test image of a small set
FEW = 2000  # a test set with fewer images is copied


class Result(NamedTuple):
    """What training produced.

    Attributes
    ----------
    plain, transformer : Learner
        The networks without and with a transformer.
    errors : list of float
        Their test errors as fractions, in this order.
    seconds : list of float
        Their training times, in this order.
    epochs : int
        Completed epochs.
    interrupted : bool
        Whether the user stopped the training.
    test : pair of numpy array
        A test image of each class, and their labels.
    before, after : pair of numpy array
        The transformer's source points ``(images, rows, columns, 2)`` and output
        ``(images, rows, columns)`` for these images, before and after training.
    """

    plain: Learner
    transformer: Learner
    errors: list[float]
    seconds: list[float]
    epochs: int
    interrupted: bool
    test: tuple[np.ndarray, np.ndarray]
    before: tuple[np.ndarray, np.ndarray]
    after: tuple[np.ndarray, np.ndarray]


def train(
    data: Sequence[np.ndarray],
    settings: Settings,
    report: Callable = lambda done, total, losses: None,
) -> Result:
    """Train both networks on the same distorted images.

    Every batch is distorted anew. The test images are distorted once, in four ways each
    if there are few. Ctrl-C ends the training, and the networks are tested as they are.

    Parameters
    ----------
    data : sequence of numpy array
        Training images and labels, test images and labels, as
        :func:`lasagne_stn.data.load_digits` returns them.
    settings : Settings
    report : callable, optional
        Called after each batch with the number of batches done, the number of all, and
        the losses of the plain and the transformer's network in this batch.

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
    learners = _build_learners(canvas, 1 + labels.max(), settings)
    ten = [int(np.argmax(test[1] == digit)) for digit in np.unique(test[1])[:10]]
    before = _warped(learners[1], test[0][ten])

    starts = range(0, len(images), settings.batch_size)
    total, done, interrupted = settings.epochs * len(starts), 0, False
    seconds = [0.0, 0.0]
    try:
        for epoch in range(settings.epochs):
            chosen = order.permutation(len(images))
            rate = settings.learning_rate * _rate_factor(epoch / settings.epochs)
            for start in starts:
                batch = chosen[start : start + settings.batch_size]
                distorted = distort_rts(images[batch], noise, canvas)[:, np.newaxis]
                losses = []
                for number, learner in enumerate(learners):
                    clock = time.perf_counter()
                    losses.append(learner.train_step(distorted, labels[batch], rate))
                    seconds[number] += time.perf_counter() - clock
                done += 1
                report(done, total, losses)
    except KeyboardInterrupt:
        interrupted = True
    plain, transformer = learners
    return Result(
        plain,
        transformer,
        [learner.error(test[0][:, np.newaxis], test[1]) for learner in learners],
        seconds,
        done // len(starts),
        interrupted,
        (test[0][ten], test[1][ten]),
        before,
        _warped(transformer, test[0][ten]),
    )


def _build_learners(canvas, num_classes, settings):
    """Return both learners, with initial weights drawn from the seed."""
    with weights_from(settings.seed):
        plain, warping, transformer = build_networks(canvas, num_classes, settings)
    return (
        build_learner(plain, settings),
        build_learner(warping, settings, transformer),
    )


def _warped(learner, images):
    """Return the transformer's source points and its output."""
    points, warped = learner.predict(images[:, np.newaxis])[1]
    return points, warped[:, 0]


def canvas_size(images: np.ndarray) -> tuple[int, int]:
    """Return the size of the canvas that images are placed on: 1.5 times theirs.

    Parameters
    ----------
    images : numpy array
        Shape ``(images, rows, columns)``.

    Returns
    -------
    pair of int
        Rows and columns in pixels.
    """
    rows, columns = images.shape[1:]
    return 3 * rows // 2, 3 * columns // 2


def _rate_factor(progress):
    """Return the factor of the learning rate at a fraction of all epochs."""
    return 1 if progress < 0.6 else 0.3 if progress < 0.85 else 0.1
