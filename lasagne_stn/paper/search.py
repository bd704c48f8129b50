"""Co-localisation as a command: encoder, progress bar, picture, a line of results."""

import os
import time
from collections import namedtuple
from functools import partial

import numpy as np

from .. import viz
from .._platform.machine import describe
from ..data import place_on_canvas
from .checkpoint import check_same, load_checkpoint, save_checkpoint
from .colocalisation import (
    CANVAS,
    DIGIT,
    SETS,
    Colocaliser,
    boxes_of,
    overlap,
    pairs_of_images,
    rate_factor_at,
    repulsion_at,
)
from .job import Bar, add_result, checkpoint_path, run_name
from .learner import weights_from
from .training import Run, train

__all__ = [
    'EXPERIMENT',
    'Search',
    'search_name',
    'run_search',
    'find_digits',
    'draw_found',
]

EXPERIMENT = 'colocalisation'  # in the file of results
FOUND = 0.5  # overlap above which a digit is found
EVERY = 250  # iterations from one checkpoint to the next
SHOWN = 24  # images in the picture


class Search(
    namedtuple(
        'Search',
        'clutter digit seed iterations batch_size '
        'learning_rate margin repulsion shake encoder_iterations '
        'data',
    )
):
    """All that decides what a search finds.

    Attributes
    ----------
    clutter : str
        A key of ``SETS``.
    digit : int
        The class whose images are looked at.
    seed, iterations, batch_size : int
    learning_rate : float
        Adam's, at first.
    margin : float
        Of the loss, in units of the mean square of a digit's code.
    repulsion, shake : float
        By default those of ``SETS[clutter]``.
    encoder_iterations : int
        Of the encoder, which is trained with the same seed.
    data : str
        Words that name the data set.
    """

    def __new__(
        cls,
        clutter='T',
        digit=3,
        seed=1,
        iterations=5000,
        batch_size=64,
        learning_rate=1e-3,
        margin=1.0,
        repulsion=None,
        shake=None,
        encoder_iterations=3000,
        data='',
    ):
        usual = SETS[clutter]
        return super().__new__(
            cls,
            clutter,
            digit,
            seed,
            iterations,
            batch_size,
            learning_rate,
            margin,
            usual.repulsion if repulsion is None else repulsion,
            usual.shake if shake is None else shake,
            encoder_iterations,
            data,
        )


def search_name(search):
    """What a search's files are called.

    >>> search_name(Search('TC', digit=7))
    'colocalisation-TC-7-5000-seed1'
    """
    return 'colocalisation-%s-%d-%d-seed%d' % (
        search.clutter,
        search.digit,
        search.iterations,
        search.seed,
    )


def run_search(console, search, data, folder, resume=False):
    """Find digits with progress bars; write a picture and a line of results.

    Parameters
    ----------
    console : rich.console.Console
    search, data, folder
        See :func:`find_digits`; ``results.jsonl`` goes there too.
    resume : bool, optional
        Continue from the checkpoint, if there is one.

    Returns
    -------
    dict
        The line of results.

    Raises
    ------
    FileExistsError, ValueError
        See :func:`lasagne_stn.paper.job.checkpoint_path`.
    """
    path = checkpoint_path(folder, search_name(search), resume)
    line, picture = find_digits(search, data, folder, partial(Bar, console))
    results = add_result(folder, line)
    console.print(
        'Encoder: test error %.2f %% on digits as they are' % line['encoder_error']
    )
    console.print(
        '%s: found %.1f %% of %d digits\nPicture: %s\nCheckpoint: %s\n'
        'Results: %s'
        % (search_name(search), line['found'], line['count'], picture, path, results),
        soft_wrap=True,
    )
    return line


def find_digits(search, data, folder, bar):
    """Learn to find the digit that images have in common, and test it.

    It continues from its checkpoint, if there is one.

    Parameters
    ----------
    search : Search
    data : tuple of numpy array
        Training images and labels, test images and labels.
    folder : str
        Where checkpoints and the picture go; it is made if there is none.
    bar : callable
        Makes, for the encoder's :class:`Run` and for the search, a context manager
        that has a method ``report(iteration, loss, error)``.

    Returns
    -------
    line : dict
        For the file of results; 'found' is the percentage of the 'count' test images
        in which the found box and the digit's have an intersection over union above
        0.5.
    picture : str
        Its path.

    Raises
    ------
    ValueError
        If there is no such digit to learn from or to test with, or the checkpoint is
        of another search.
    FloatingPointError
        If the loss is no longer a number.
    """
    os.makedirs(folder, exist_ok=True)
    images, labels, test_images, test_labels = data
    mine = images[labels == search.digit]
    test_mine = test_images[test_labels == search.digit]
    for found, purpose in ((mine, 'learn from'), (test_mine, 'test with')):
        if not len(found):
            raise ValueError(
                'find_digits: there is no digit %d to %s.' % (search.digit, purpose)
            )
    encoder = _trained_encoder(search, data, folder, bar)
    with weights_from(search.seed):
        colocaliser = Colocaliser(encoder.learner.network, mine[:500], search.margin)
    patches = SETS[search.clutter].num_patches
    canvases, corners = place_on_canvas(
        test_mine, np.random.default_rng(0), (CANVAS, CANVAS), patches, test_images
    )
    true = np.hstack([corners[:, ::-1], corners[:, ::-1] + DIGIT - 1])

    def boxes():
        return boxes_of(colocaliser.look(canvases[:, np.newaxis]))

    path = os.path.join(folder, search_name(search))
    history, seconds = _resumed(path + '.npz', search, colocaliser.state)
    losses, clock = [], time.process_time()
    with bar(search) as shown:
        for iteration in range(history[-1][0] if history else 0, search.iterations):
            rng = np.random.default_rng([search.seed, iteration])
            progress = iteration / search.iterations
            losses.append(
                float(
                    colocaliser.step(
                        *pairs_of_images(
                            mine, patches, search.shake, images, search.batch_size, rng
                        ),
                        repulsion_at(progress, search.repulsion),
                        search.learning_rate * rate_factor_at(progress),
                    )
                )
            )
            done = iteration + 1
            if not np.isfinite(losses[-1]):
                raise FloatingPointError(
                    'find_digits: the loss of iteration %d is %s.\nTake a smaller '
                    'repulsion.' % (done, losses[-1])
                )
            if done % EVERY == 0 or done == search.iterations:
                found = float(np.mean(overlap(boxes(), true) > FOUND))
                history.append([done, float(np.mean(losses)), found])
                losses = []
                seconds += time.process_time() - clock
                clock = time.process_time()
                save_checkpoint(
                    path + '.npz',
                    {
                        'search': search._asdict(),
                        'history': history,
                        'seconds': seconds,
                    },
                    colocaliser.state.arrays(),
                )
            shown.report(
                done,
                float(np.mean(losses or history[-1][1])),
                1 - history[-1][2] if history else None,
            )
    viz.save_figure(draw_found(canvases, true, boxes()), path + '.png')
    line = dict(
        search._asdict(),
        experiment=EXPERIMENT,
        found=100 * history[-1][2],
        count=len(true),
        num_params=colocaliser.num_params,
        encoder_error=100 * encoder.error,
        history=history,
        seconds=round(seconds, 1),
        machine=describe(),
    )
    return line, path + '.png'


def _resumed(path, search, state):
    """History and seconds of a checkpoint, if there is one; the state is restored."""
    if not os.path.exists(path):
        return [], 0.0
    facts, arrays = load_checkpoint(path)
    check_same(path, facts['search'], search)
    state.restore(arrays)
    return facts['history'], facts['seconds']


def _trained_encoder(search, data, folder, bar):
    """A CNN that knows digits, from its checkpoint or trained now."""
    run = Run(
        'digits',
        'cnn',
        seed=search.seed,
        data=search.data,
        iterations=search.encoder_iterations,
    )
    path = os.path.join(folder, run_name(run) + '.npz')
    with bar(run) as shown:
        return train(run, data, path, resume=True, report=shown.report)


def draw_found(canvases, true, boxes):
    """Images, evenly spaced, with the digit's box and the one that was found.

    The second box is dashed where the two overlap too little for a digit that is found.

    Parameters
    ----------
    canvases : numpy array
        Shape ``(images, rows, columns)``.
    true, boxes : numpy array
        Shape ``(images, 4)``.

    Returns
    -------
    matplotlib.figure.Figure
    """
    columns = 8
    shown = min(SHOWN, len(canvases))
    rows = -(-shown // columns)
    figure = viz.new_figure(1.4 * columns, 1.4 * rows)
    axes = figure.subplots(
        rows,
        columns,
        squeeze=False,
        gridspec_kw={
            'left': 0,
            'right': 1,
            'bottom': 0,
            'top': 1,
            'wspace': 0.03,
            'hspace': 0.03,
        },
    )
    for each in axes.ravel()[shown:]:
        each.set_axis_off()
    chosen = np.linspace(0, len(canvases) - 1, shown).astype(int)
    hits = overlap(boxes, true) > FOUND
    for number, each in zip(chosen, axes.ravel()):
        viz.draw_boxes(
            each,
            canvases[number],
            _corners(np.stack([true[number], boxes[number]]), canvases.shape[1:]),
            styles=('-', '-' if hits[number] else '--'),
        )
    return figure


def _corners(boxes, size):
    """Points (x, y) of the four corners of boxes, in half-widths of the image."""
    pixels = boxes[:, [[[0, 1], [2, 1]], [[0, 3], [2, 3]]]]
    return 2.0 * pixels / (np.array(size[::-1]) - 1) - 1
