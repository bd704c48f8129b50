"""The figures that pictures are drawn into."""

from ..files import atomic_write

__all__ = ['new_figure', 'save_figure']


def new_figure(width, height):
    """An empty figure that belongs to nobody: nothing global is touched.

    Parameters
    ----------
    width, height : float
        In inches.

    Returns
    -------
    matplotlib.figure.Figure
        With a canvas, so that ``savefig`` writes a PNG.

    Raises
    ------
    ImportError
        If matplotlib is not installed; the message has the pip line.

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


def save_figure(figure, path):
    """Write a picture, whole or not at all.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    path : str or Path
        Its ending names the format. The same figure gives the same bytes of a PNG.

    Raises
    ------
    OSError
        If it cannot be written.
    ValueError
        If matplotlib does not know the ending.
    """
    png = str(path).lower().endswith('.png')
    with atomic_write(path) as beside:
        figure.savefig(beside, metadata={'Software': None} if png else None)
