"""Pictures of the paper's experiments: data, learning curves, grids over time."""

import os
import time

import numpy as np
import theano

from .. import viz
from ..data import place_on_canvas
from ..layers import SamplingGridLayer, TransformerLayer
from .experiments import EXPERIMENTS
from .job import fingerprint
from .networks import TRANSFORMS
from .training import WATCHED, Run, load_run, test_set

__all__ = ['draw_distortions', 'draw_learning', 'animate_grids']

ROWS, COLUMNS = 8, 12
FRAMES = 60
TIMED = 2560  # images, drawn in batches as in training
BATCH = 256
SETTINGS = Run._fields[Run._fields.index('iterations') :]  # named where they differ


def draw_distortions(data, folder, seed=1):
    """Write a contact sheet of each distortion, and time it.

    Parameters
    ----------
    data : tuple of numpy array
        Training images and labels, and more.
    folder : str
        Where ``R.png``, ``RTS.png`` and so on go; it is made if there is none.
    seed : int, optional
        The same seed draws the same images.

    Yields
    ------
    path : str
        Of a sheet.
    size : tuple of int
        Rows and columns of its images, in pixels; a pair stands side by side.
    speed : float
        Images drawn in a second.
    """
    os.makedirs(folder, exist_ok=True)
    images, labels = data[:2]
    draws = {name: experiment.draw for name, experiment in EXPERIMENTS.items()}
    draws.update({'T-84': _placed(0), 'TC-84': _placed(16)})
    for name, draw in draws.items():
        rng = np.random.default_rng(seed)
        chosen = rng.integers(len(images), size=TIMED)
        drawn, _ = draw(images, labels, chosen[: ROWS * COLUMNS], rng)
        sheet = np.concatenate(list(drawn.transpose(1, 0, 2, 3)), axis=2)
        figure = viz.new_figure(COLUMNS * 0.8 * drawn.shape[1], ROWS * 0.8)
        viz.draw_sheet(figure.add_axes([0, 0, 1, 1]), sheet, COLUMNS)
        path = os.path.join(folder, name + '.png')
        viz.save_figure(figure, path)
        draw(images, labels, chosen[:BATCH], rng)
        start = time.perf_counter()
        for first in range(0, TIMED, BATCH):
            draw(images, labels, chosen[first : first + BATCH], rng)
        yield path, sheet.shape[1:], TIMED / (time.perf_counter() - start)


def _placed(num_patches):
    def draw(images, labels, chosen, rng):
        canvases, _ = place_on_canvas(
            images[chosen], rng, (84, 84), num_patches, images
        )
        return canvases[:, np.newaxis], labels[chosen]

    return draw


def draw_learning(lines):
    """Test errors against iterations, an axes for each experiment.

    Parameters
    ----------
    lines : list of dict
        Lines of results, see :func:`lasagne_stn.paper.job.result_line`.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If none of them is of a training.
    """
    names = [
        name
        for name in EXPERIMENTS
        if any(line.get('experiment') == name for line in lines)
    ]
    if not names:
        raise ValueError('draw_learning: there is no result of a training to draw.')
    figure = viz.new_figure(6 * len(names), 4.2)
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names):
        mine = [line for line in lines if line.get('experiment') == name]
        varied = [
            field for field in SETTINGS if len({line[field] for line in mine}) > 1
        ]
        curves = {}
        for line in mine:
            words = [line['model'], line['transform'], 'seed %d' % line['seed']]
            words += [
                '%s %s' % (field.replace('_', ' '), line[field]) for field in varied
            ]
            iterations, _, errors = np.transpose(line['history'])
            curves[' '.join(filter(None, words))] = iterations, 100 * errors
        viz.draw_curves(axes, curves, 'test error on %s' % name)
    figure.tight_layout()
    return figure


def animate_grids(checkpoint, data, path):
    """Write a GIF of where the transformers look at ten test images, over time.

    Parameters
    ----------
    checkpoint : str
        Path of a run of a model with transformers.
    data : tuple of numpy array
        The images it was trained on.
    path : str
        Of the GIF.

    Raises
    ------
    ValueError
        If the model has no transformer, or it was trained on other data.
    """
    result = load_run(checkpoint)
    if result.run.transform is None:
        raise ValueError(
            'animate_grids: %s is of the model %s, which has no '
            'transformer.' % (checkpoint, result.run.model)
        )
    if result.run.data not in ('', fingerprint(data)):
        raise ValueError(
            'animate_grids: data must be those of the training, %s, got '
            '%s.' % (result.run.data, fingerprint(data))
        )
    images = test_set(result.run, data)[0][:WATCHED].max(axis=1)
    transform = TRANSFORMS[result.run.transform]
    start = np.broadcast_to(transform.identity, (1,) + result.thetas.shape[1:])
    thetas = np.concatenate([start, result.thetas])
    iterations = [0] + [record[0] for record in result.history]
    experiment = EXPERIMENTS[result.run.experiment]
    size = experiment.warped.get(result.run.model[-3:], experiment.size)
    look = _looker(transform, images.shape[1:], size)
    count, warps = len(images), thetas.shape[1]
    last = len(thetas) - 1
    frames = np.unique(np.linspace(0, last, min(FRAMES, last + 1)).round().astype(int))
    pairs = [
        [
            look(images[:, np.newaxis], theta.astype('float32'))
            for theta in thetas[frame]
        ]
        for frame in frames
    ]
    points, warped = (
        np.array([np.concatenate([pair[part] for pair in frame]) for frame in pairs])
        for part in (0, 1)
    )
    figure = viz.new_figure(1.05 * count, 2.2 * warps + 0.3)
    axes = figure.subplots(
        2 * warps,
        count,
        squeeze=False,
        gridspec_kw={
            'left': 0.01,
            'right': 0.99,
            'bottom': 0.01,
            'top': 0.9,
            'wspace': 0.05,
            'hspace': 0.05,
        },
    )
    # A transformer's pair of rows beside the other's, as columns more.
    axes = axes.reshape(warps, 2, count).swapaxes(0, 1).reshape(2, warps * count)
    viz.save_animation(
        viz.grid_animation(
            axes,
            np.concatenate([images] * warps),
            points,
            warped[:, :, 0],
            ['after %d iterations' % iterations[frame] for frame in frames],
        ),
        path,
    )


def _looker(transform, image_size, size):
    """Source points and warped images for images and theta."""
    layer = TransformerLayer(
        (None, 1) + image_size,
        (None, transform.num_params),
        transform=transform,
        output_size=(size, size),
    )
    images, theta = theano.tensor.ftensor4(), theano.tensor.fmatrix()
    return theano.function(
        [images, theta],
        [
            one.get_output_for([images, theta])
            for one in (SamplingGridLayer(layer), layer)
        ],
    )
