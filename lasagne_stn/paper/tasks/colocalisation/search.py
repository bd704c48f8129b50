"""The training of co-localisation: first the encoder, then the localisation network."""

from __future__ import annotations

import os
import time
from typing import Any, Callable, Sequence

import numpy as np

from .... import viz
from ...._platform.machine import describe
from ....data import place_on_canvas
from ...checkpoint import check_same, load_checkpoint, save_checkpoint
from ...learner import weights_from
from ..digits import DIGITS, Run
from ..digits_data import DIGIT
from .canvases import CANVAS, boxes_of, overlap, sample_pairs
from .colocaliser import Colocaliser, rate_factor_at, repulsion_at
from .picture import FOUND, draw_found
from .settings import CLUTTER, Search

__all__ = ['find_digits', 'encoder_run', 'sample_batch', 'search_name']

EVERY = 250  # iterations from one test and checkpoint to the next


def search_name(search: Search) -> str:
    """Return the name of a search's files, without an ending.

    >>> search_name(Search('TC', digit=7))
    'colocalisation-TC-7-5000-seed1'
    """
    return 'colocalisation-%s-%d-%d-seed%d' % (
        search.clutter,
        search.digit,
        search.iterations,
        search.seed,
    )


def encoder_run(search: Search) -> Run:
    """Return the settings of the encoder's training."""
    return Run(
        'digits',
        'cnn',
        seed=search.seed,
        data=search.data,
        iterations=search.encoder_iterations,
    )


def sample_batch(
    search: Search, data: Sequence[np.ndarray], iteration: int
) -> tuple[np.ndarray, ...]:
    """Return the pairs of canvases of an iteration; see :func:`sample_pairs`."""
    images, labels = data[:2]
    return _sample(search, images[labels == search.digit], images, iteration)


def _sample(search, own, images, iteration):
    return sample_pairs(
        own,
        CLUTTER[search.clutter].num_patches,
        search.shake,
        images,
        search.batch_size,
        np.random.default_rng([search.seed, iteration]),
    )


def find_digits(
    search: Search,
    data: Sequence[np.ndarray],
    folder: str,
    open_bar: Callable[..., Any],
) -> dict:
    """Learn to find the digit that images have in common, and measure the result.

    It continues from its checkpoint if there is one, and draws a picture.

    Parameters
    ----------
    search : Search
    data : sequence of numpy array
        Training images and labels, test images and labels.
    folder : str
        Where checkpoints and the picture go; it is created if necessary.
    open_bar : callable
        Opens a progress bar; see :meth:`lasagne_stn.paper.tasks.Task.measure`.

    Returns
    -------
    dict
        The line of results. 'found' is the percentage of the 'count' test images in
        which the box found and the digit's have an intersection over union above 0.5.

    Raises
    ------
    ValueError
        If there is no such digit among the training or the test images, or the
        checkpoint has other settings.
    FloatingPointError
        If the loss is no longer finite.
    """
    os.makedirs(folder, exist_ok=True)
    images, labels, test_images, test_labels = data
    own = images[labels == search.digit]
    test_own = test_images[test_labels == search.digit]
    for found, purpose in ((own, 'learn from'), (test_own, 'test with')):
        if not len(found):
            raise ValueError(
                'find_digits: there is no digit %d to %s.' % (search.digit, purpose)
            )
    encoder = _trained_encoder(search, data, folder, open_bar)
    with weights_from(search.seed):
        colocaliser = Colocaliser(encoder.learner.network, own[:500], search.margin)
    canvases, corners = place_on_canvas(
        test_own,
        np.random.default_rng(0),
        (CANVAS, CANVAS),
        CLUTTER[search.clutter].num_patches,
        test_images,
    )
    true = np.hstack([corners[:, ::-1], corners[:, ::-1] + DIGIT - 1])

    def boxes():
        return boxes_of(colocaliser.predict(canvases[:, np.newaxis]))

    path = os.path.join(folder, search_name(search))
    history, seconds = _resumed(path + '.npz', search, colocaliser.state)
    losses: list[float] = []
    clock = time.process_time()
    with open_bar(
        search.iterations, search.batch_size, search.encoder_iterations
    ) as bar:
        for iteration in range(history[-1][0] if history else 0, search.iterations):
            progress = iteration / search.iterations
            losses.append(
                colocaliser.train_step(
                    _sample(search, own, images, iteration),
                    repulsion_at(progress, search.repulsion),
                    search.learning_rate * rate_factor_at(progress),
                )
            )
            done = iteration + 1
            if not np.isfinite(losses[-1]):
                raise FloatingPointError(
                    'find_digits: the loss of iteration %d is %s.\nUse a smaller '
                    'repulsion.' % (done, losses[-1])
                )
            if done % EVERY == 0 or done == search.iterations:
                share = float(np.mean(overlap(boxes(), true) > FOUND))
                history.append([done, float(np.mean(losses)), share])
                losses = []
                seconds += time.process_time() - clock
                clock = time.process_time()
                _save(path + '.npz', search, history, seconds, colocaliser.state)
            bar.report(
                done,
                float(np.mean(losses or history[-1][1])),
                1 - history[-1][2] if history else None,
            )
    viz.save_figure(draw_found(canvases, true, boxes()), path + '.png')
    return dict(
        search._asdict(),
        experiment='colocalisation',
        found=100 * history[-1][2],
        count=len(true),
        num_params=colocaliser.num_params,
        encoder_error=100 * encoder.error,
        history=history,
        seconds=round(seconds, 1),
        machine=describe(),
    )


def _save(path, search, history, seconds, state):
    facts = {'search': search._asdict(), 'history': history, 'seconds': seconds}
    save_checkpoint(path, facts, state.arrays())


def _resumed(path, search, state):
    """Restore the state from a checkpoint, if any; return its history and seconds."""
    if not os.path.exists(path):
        return [], 0.0
    facts, arrays = load_checkpoint(path)
    check_same(path, facts['search'], search)
    state.restore(arrays)
    return facts['history'], facts['seconds']


def _trained_encoder(search, data, folder, open_bar):
    """Return a CNN that knows digits, from its checkpoint or newly trained."""
    run = encoder_run(search)
    path = os.path.join(folder, DIGITS.file_name(run) + '.npz')
    with open_bar(run.iterations, run.batch_size) as bar:
        return DIGITS.train(run, data, path, resume=True, report=bar.report)
