"""Draws the graph of Theano variables: a dot for each operation, left to right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Collection, Mapping, Sequence

import numpy as np
import theano
from theano import Variable
from theano.gof.graph import io_toposort

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ['operations', 'draw_graph']

SWEEPS = 12  # passes that improve the order within columns
PLAIN = '#adb5bd'
SHAPES = theano.compile.ops.Shape, theano.compile.ops.Shape_i


def operations(
    inputs: Sequence[Variable], outputs: Sequence[Variable]
) -> list[theano.Apply]:
    """Return the operations on the paths from `inputs` to `outputs`.

    Operations on constants only are not on such a path. Paths also end where the shape
    of an array is taken, so that operations on shapes are left out.

    Parameters
    ----------
    inputs, outputs : list of Theano variable
        Where the paths start and end.

    Returns
    -------
    list of theano.Apply
        Sorted so that each operation comes after those it depends on.

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


def draw_graph(
    axes: Axes,
    inputs: Sequence[Variable],
    outputs: Sequence[Variable],
    groups: Mapping[tuple[str, str], Collection[theano.Apply]] | None = None,
    names: Mapping[theano.Apply, str] | None = None,
) -> dict[theano.Apply, tuple[Any, Any]]:
    """Draw the operations from `inputs` (left) to `outputs` (right).

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Axes to draw into.
    inputs, outputs : list of Theano variable
        See :func:`operations`.
    groups : mapping, optional
        Maps pairs of a name and a colour to collections of operations. The legend shows
        each name with the number of operations. Operations in several groups belong to
        the first; operations in no group are grey.
    names : mapping, optional
        Maps operations to labels that are written beside their dots.

    Returns
    -------
    dict
        Maps each operation to the position (x, y) of its dot.
    """
    nodes = operations(inputs, outputs)
    positions = _positions(nodes)
    for node in nodes:
        for dependency in _dependencies(node, positions):
            (x0, y0), (x1, y1) = positions[dependency], positions[node]
            axes.plot([x0, x1], [y0, y1], color=PLAIN, linewidth=0.5, zorder=1)
    ungrouped = set(nodes)
    for (name, colour), members in (groups or {}).items():
        chosen = [node for node in nodes if node in members and node in ungrouped]
        ungrouped.difference_update(chosen)
        _draw_dots(
            axes,
            [positions[node] for node in chosen],
            colour,
            '%s: %d' % (name, len(chosen)),
        )
    _draw_dots(axes, [positions[node] for node in nodes if node in ungrouped], PLAIN)
    for node, name in (names or {}).items():
        x, y = positions[node]
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
    return positions


def _draw_dots(axes, positions, colour, label=None):
    axes.scatter(
        *np.reshape(positions, (-1, 2)).T,
        color=colour,
        s=22,
        zorder=2,
        edgecolors='white',
        linewidths=0.5,
        label=label,
    )


def _dependencies(node, known):
    """Return the operations in `known` whose results `node` uses, each once."""
    owners = [value.owner for value in node.inputs if value.owner in known]
    return list(dict.fromkeys(owners))


def _positions(nodes):
    """Return the position (x, y) of each operation: its depth, and a height.

    Heights reduce crossings: sweeps to the right sort each column by the mean height of
    the operations it depends on, sweeps to the left by that of its dependants [1]_.

    References
    ----------
    .. [1] Sugiyama, Tagawa, Toda (1981): Methods for visual understanding of
       hierarchical system structures.
    """
    column, dependencies, dependants = {}, {}, {node: [] for node in nodes}
    for node in nodes:
        dependencies[node] = _dependencies(node, column)
        column[node] = 1 + max((column[n] for n in dependencies[node]), default=-1)
        for dependency in dependencies[node]:
            dependants[dependency].append(node)
    columns = [[] for _ in range(1 + max(column.values(), default=-1))]
    for node in nodes:
        columns[column[node]].append(node)
    height = {}
    for members in columns:
        _assign_heights(members, height)
    for sweep in range(SWEEPS):
        step, neighbours = ((1, dependencies), (-1, dependants))[sweep % 2]
        for members in columns[::step]:
            mean = {
                node: np.mean([height[n] for n in neighbours[node] or [node]])
                for node in members
            }
            _assign_heights(sorted(members, key=mean.get, reverse=True), height)
    return {node: (column[node], height[node]) for node in nodes}


def _assign_heights(members, height):
    """Space the operations of a column evenly by 1, centred at zero."""
    for number, node in enumerate(members):
        height[node] = (len(members) - 1) / 2 - number
