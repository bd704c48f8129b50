"""Creates and saves matplotlib figures."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..files import atomic_write

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ['new_figure', 'save_figure']


def new_figure(width: float, height: float) -> Figure:
    """Create an empty figure without touching matplotlib's global state.

    Parameters
    ----------
    width, height : float
        Size in inches.

    Returns
    -------
    matplotlib.figure.Figure
        A figure with an Agg canvas, so that ``savefig`` can write a PNG.

    Raises
    ------
    ImportError
        If matplotlib is not installed. The message contains the pip command.

    Examples
    --------
    >>> new_figure(4, 3).get_size_inches().tolist()
    [4.0, 3.0]
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise ModuleNotFoundError(
            'new_figure needs matplotlib, which is not installed.\n'
            'Run: pip install "lasagne-stn[paper]"',
            name='matplotlib',
        ) from None
    figure = Figure(figsize=(width, height), dpi=110)
    FigureCanvasAgg(figure)
    return figure


def save_figure(figure: Figure, path: str | os.PathLike) -> None:
    """Write a figure to a file atomically.

    The same figure always gives the same bytes if the format is PNG.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Figure to save.
    path : str or Path
        Path of the file. Its ending selects the format.

    Raises
    ------
    OSError
        If the file cannot be written.
    ValueError
        If matplotlib does not support the format.
    """
    is_png = str(path).lower().endswith('.png')
    with atomic_write(path) as temporary:
        figure.savefig(temporary, metadata={'Software': None} if is_png else None)
