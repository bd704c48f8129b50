"""Pictures of the digits' experiments: data, learning curves, grids over time."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Iterator, Sequence

import numpy as np
import theano

from .. import viz
from ..data import place_on_canvas
from ..layers import SamplingGridLayer, TransformerLayer
from .networks import TRANSFORMS
from .tasks.colocalisation import CLUTTER
from .tasks.colocalisation.canvases import CANVAS
from .tasks.digits import DIGITS, Run
from .tasks.digits_experiments import EXPERIMENTS
from .training import WATCHED

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ['draw_distortions', 'draw_learning', 'animate_grids']

ROWS, COLUMNS = 8, 12
FRAMES = 60
TIMED = 2560  # images, sampled in batches as in training
BATCH = 256
SETTINGS = Run._fields[Run._fields.index('iterations') :]  # named where they differ


def draw_distortions(
    data: Sequence[np.ndarray], folder: str, seed: int = 1
) -> Iterator[tuple[str, tuple[int, ...], float]]:
    """Write a contact sheet of each distortion, and measure its speed.

    Parameters
    ----------
    data : sequence of numpy array
        Training images and labels; others are ignored.
    folder : str
        Where ``R.png``, ``RTS.png`` and so on go; it is created if necessary.
    seed : int, optional
        Random seed of the images and their distortions.

    Yields
    ------
    path : str
        Path of a sheet.
    size : tuple of int
        Rows and columns of its images, in pixels; a pair is shown side by side.
    speed : float
        Images distorted per second.
    """
    os.makedirs(folder, exist_ok=True)
    images, labels = data[:2]
    samplers = {name: each.sample_batch for name, each in EXPERIMENTS.items()}
    for name, clutter in CLUTTER.items():
        samplers['%s-%d' % (name, CANVAS)] = _on_canvas(clutter.num_patches)
    for name, sample in samplers.items():
        rng = np.random.default_rng(seed)
        chosen = rng.integers(len(images), size=TIMED)
        batch, _ = sample(images, labels, chosen[: ROWS * COLUMNS], rng)
        sheet = np.concatenate(list(batch.transpose(1, 0, 2, 3)), axis=2)
        figure = viz.new_figure(COLUMNS * 0.8 * batch.shape[1], ROWS * 0.8)
        viz.draw_sheet(figure.add_axes((0, 0, 1, 1)), sheet, COLUMNS)
        path = os.path.join(folder, name + '.png')
        viz.save_figure(figure, path)
        sample(images, labels, chosen[:BATCH], rng)
        start = time.perf_counter()
        for first in range(0, TIMED, BATCH):
            sample(images, labels, chosen[first : first + BATCH], rng)
        yield path, sheet.shape[1:], TIMED / (time.perf_counter() - start)


def _on_canvas(num_patches):
    def sample_batch(images, labels, chosen, rng):
        canvases, _ = place_on_canvas(
            images[chosen], rng, (CANVAS, CANVAS), num_patches, images
        )
        return canvases[:, np.newaxis], labels[chosen]

    return sample_batch


def draw_learning(lines: Sequence[dict]) -> Figure:
    """Draw test errors against iterations, one panel for each experiment.

    Parameters
    ----------
    lines : sequence of dict
        Lines of results.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If no line is from a training with digits.
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
        own = [line for line in lines if line.get('experiment') == name]
        varied = [field for field in SETTINGS if len({line[field] for line in own}) > 1]
        curves = {}
        for line in own:
            parts = [line['model'], line['transform'], 'seed %d' % line['seed']]
            parts += [
                '%s %s' % (field.replace('_', ' '), line[field]) for field in varied
            ]
            iterations, _, errors = np.transpose(line['history'])
            curves[' '.join(filter(None, parts))] = iterations, 100 * errors
        viz.draw_curves(axes, curves, 'test error on %s' % name)
    figure.tight_layout()
    return figure


def animate_grids(checkpoint: str, data: Sequence[np.ndarray], path: str) -> None:
    """Write a GIF of the sampling grids on ten test images as training goes on.

    Parameters
    ----------
    checkpoint : str
        Path of the checkpoint of a model with transformers.
    data : sequence of numpy array
        The images it was trained on.
    path : str
        Path of the GIF.

    Raises
    ------
    ValueError
        If the model has no transformer, or it was trained on other data.
    """
    result = DIGITS.load_run(checkpoint)
    if result.run.transform is None:
        raise ValueError(
            'animate_grids: %s has the model %s, which has no transformer.'
            % (checkpoint, result.run.model)
        )
    fingerprint = DIGITS.dataset.fingerprint(data)
    if result.run.data not in ('', fingerprint):
        raise ValueError(
            'animate_grids: data must be those of the training, %s, got %s.'
            % (result.run.data, fingerprint)
        )
    images = DIGITS.test_set(result.run, data)[0][:WATCHED].max(axis=1)
    transform = TRANSFORMS[result.run.transform]
    start = np.broadcast_to(
        np.array(transform.identity), (1,) + result.thetas.shape[1:]
    )
    thetas = np.concatenate([start, result.thetas])
    iterations = [0] + [record[0] for record in result.history]
    experiment = EXPERIMENTS[result.run.experiment]
    size = experiment.warped.get(result.run.model[-3:], experiment.size)
    warp = _compiled_warp(transform, images.shape[1:], size)
    count, num_warps = len(images), thetas.shape[1]
    last = len(thetas) - 1
    frames = np.unique(np.linspace(0, last, min(FRAMES, last + 1)).round().astype(int))
    pairs = [
        [
            warp(images[:, np.newaxis], theta.astype('float32'))
            for theta in thetas[frame]
        ]
        for frame in frames
    ]
    points, warped = (
        np.array([np.concatenate([pair[part] for pair in frame]) for frame in pairs])
        for part in (0, 1)
    )
    figure = viz.new_figure(1.05 * count, 2.2 * num_warps + 0.3)
    axes = figure.subplots(
        2 * num_warps,
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
    # The two rows of a second transformer become further columns.
    axes = axes.reshape(num_warps, 2, count).swapaxes(0, 1)
    axes = axes.reshape(2, num_warps * count)
    viz.save_animation(
        viz.grid_animation(
            axes,
            np.concatenate([images] * num_warps),
            points,
            warped[:, :, 0],
            ['after %d iterations' % iterations[frame] for frame in frames],
        ),
        path,
    )


def _compiled_warp(transform, image_size, size):
    """Return a function from images and theta to source points and warped images."""
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
