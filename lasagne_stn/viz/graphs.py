"""Draws the graph of Theano variables: a dot for each operation, left to right."""

import numpy as np
import theano
from theano.gof.graph import io_toposort

__all__ = ['operations', 'draw_graph']

SWEEPS = 12  # times that the order within columns is improved
PLAIN = '#adb5bd'
SHAPES = theano.compile.ops.Shape, theano.compile.ops.Shape_i


def operations(inputs, outputs):
    """The operations on a way from variables to what is computed from them.

    Parameters
    ----------
    inputs, outputs : list of Theano variable
        Where the ways begin and end. A way ends at an array's shape too, so that
        operations on constants and on shapes are left out.

    Returns
    -------
    list of theano.Apply
        Each after those it needs.

    Examples
    --------
    >>> x, y = theano.tensor.dvectors(2)
    >>> [str(node.op) for node in operations([x], [(x * theano.tensor.exp(y)).sum()])]
    ['Elemwise{mul,no_inplace}', 'Sum{acc_dtype=float64}']
    """
    reached, found = set(inputs), []
    for node in io_toposort(list(inputs), list(outputs)):
        if not isinstance(node.op, SHAPES) and not reached.isdisjoint(node.inputs):
            reached.update(node.outputs)
            found.append(node)
    return found


def draw_graph(axes, inputs, outputs, groups=None, names=None):
    """Draw the operations from some variables to others, the first ones on the left.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        What is drawn into.
    inputs, outputs
        See :func:`operations`.
    groups : dict, optional
        From a name and a colour, as a pair, to a collection of operations; what is
        in no group is grey. The names stand in a legend.
    names : dict, optional
        From an operation to what is written beside its dot.

    Returns
    -------
    dict
        From each operation to the place (x, y) of its dot.
    """
    nodes = operations(inputs, outputs)
    places = _places(nodes)
    for node in nodes:
        for needed in _needed(node, places):
            (x0, y0), (x1, y1) = places[needed], places[node]
            axes.plot([x0, x1], [y0, y1], color=PLAIN, linewidth=0.5, zorder=1)
    left = set(nodes)
    for (name, colour), members in (groups or {}).items():
        chosen = [node for node in nodes if node in members and node in left]
        left.difference_update(chosen)
        _dots(
            axes,
            [places[node] for node in chosen],
            colour,
            '%s: %d' % (name, len(chosen)),
        )
    _dots(axes, [places[node] for node in nodes if node in left], PLAIN)
    for node, name in (names or {}).items():
        x, y = places[node]
        axes.annotate(
            name,
            (x, y),
            (0, 5),
            textcoords='offset points',
            fontsize=8,
            ha='center',
            zorder=4,
        )
    if groups:
        axes.legend(
            loc='upper center',
            bbox_to_anchor=(0.5, 0),
            frameon=False,
            ncol=len(groups),
            columnspacing=1.2,
            handletextpad=0,
        )
    axes.set_axis_off()
    return places


def _dots(axes, places, colour, label=None):
    axes.scatter(
        *np.reshape(places, (-1, 2)).T,
        color=colour,
        s=22,
        zorder=2,
        edgecolors='white',
        linewidths=0.5,
        label=label,
    )


def _needed(node, known):
    """The operations among `known` whose results an operation takes, each once."""
    owners = [value.owner for value in node.inputs if value.owner in known]
    return list(dict.fromkeys(owners))


def _places(nodes):
    """A column for each depth; within it, near the operations it is tied to.

    Sweeps to the right put the operations of a column in the order of the mean place
    of those they need, sweeps to the left in that of those that need them [1]_.

    References
    ----------
    .. [1] Sugiyama, Tagawa, Toda (1981): Methods for visual understanding of
       hierarchical system structures.
    """
    column, before, after = {}, {}, {node: [] for node in nodes}
    for node in nodes:
        before[node] = _needed(node, column)
        column[node] = 1 + max((column[one] for one in before[node]), default=-1)
        for one in before[node]:
            after[one].append(node)
    columns = [[] for _ in range(1 + max(column.values(), default=-1))]
    for node in nodes:
        columns[column[node]].append(node)
    height = {}
    for members in columns:
        _spread(members, height)
    for sweep in range(SWEEPS):
        step, tied = ((1, before), (-1, after))[sweep % 2]
        for members in columns[::step]:
            mean = {
                node: np.mean([height[one] for one in tied[node] or [node]])
                for node in members
            }
            _spread(sorted(members, key=mean.get, reverse=True), height)
    return {node: (column[node], height[node]) for node in nodes}


def _spread(members, height):
    """Give the operations of a column heights one apart, the middle at zero."""
    for number, node in enumerate(members):
        height[node] = (len(members) - 1) / 2 - number
