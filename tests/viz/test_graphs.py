"""Finding the operations of a graph and drawing them."""

import numpy as np
import pytest
import theano.tensor as T
from matplotlib.colors import to_rgba

from lasagne_stn.viz import new_figure
from lasagne_stn.viz.graphs import draw_graph, operations


@pytest.fixture
def diamond():
    """A graph with two paths from x to the result and one from y."""
    x, y = T.dmatrices('x', 'y')
    first, second = T.exp(x), T.sin(x)
    third = second * y
    total = first + third
    return (x, y), (first, second, third, total)


def nodes(*values):
    return [value.owner for value in values]


def test_operations_are_on_a_path_and_in_order(diamond):
    (x, y), (first, second, third, total) = diamond
    assert set(operations([x], [total])) == set(nodes(first, second, third, total))
    found = operations([x], [total])
    assert found.index(second.owner) < found.index(third.owner) < 3
    assert found[-1] is total.owner
    assert operations([y], [total]) == nodes(third, total)
    assert operations([x], [third]) == nodes(second, third)
    assert operations([second], [third]) == nodes(third)


def test_constants_and_shapes_are_left_out():
    x = T.dmatrix('x')
    halves = x * (T.constant(1.0) + T.constant(2.0))
    found = operations([x], [halves, T.zeros([x.shape[0]]), T.sin(x[0])])
    assert {type(node.op).__name__ for node in found} == {'Elemwise', 'Subtensor'}
    assert len(found) == 3


def test_dots_are_right_of_their_dependencies(diamond):
    (x, y), (first, second, third, total) = diamond
    axes = new_figure(3, 2).add_subplot()
    positions = draw_graph(axes, [x, y], [total])
    columns = [positions[node][0] for node in nodes(first, second, third, total)]
    assert columns == [0, 0, 1, 2]
    assert positions[first.owner][1] != positions[second.owner][1]
    lines = {tuple(map(tuple, line.get_xydata())) for line in axes.get_lines()}
    assert lines == {
        (positions[one.owner], positions[other.owner])
        for one, other in ((first, total), (second, third), (third, total))
    }
    (dots,) = axes.collections
    assert set(map(tuple, dots.get_offsets())) == set(positions.values())


def test_lines_do_not_cross_unnecessarily():
    """Four parallel chains that are joined in an order other than their own."""
    x = T.dvectors(4)
    ends = [T.sin(T.exp(one)) for one in x]
    total = T.stack([ends[number] for number in (2, 0, 3, 1)])
    positions = draw_graph(new_figure(3, 2).add_subplot(), x, [total])
    for end in ends:
        assert positions[end.owner][1] == positions[end.owner.inputs[0].owner][1]


def test_groups_have_colours_and_names(diamond):
    (x, y), (first, second, third, total) = diamond
    axes = new_figure(3, 2).add_subplot()
    positions = draw_graph(
        axes,
        [x, y],
        [total],
        {('one', 'red'): nodes(second, third), ('two', 'blue'): nodes(third, total)},
        {first.owner: 'here'},
    )
    drawn = {
        tuple(position): tuple(dots.get_facecolor()[0])
        for dots in axes.collections
        for position in dots.get_offsets()
    }
    for value, colour in ((second, 'red'), (third, 'red'), (total, 'blue')):
        assert drawn[positions[value.owner]] == to_rgba(colour)
    assert drawn[positions[first.owner]] not in (to_rgba('red'), to_rgba('blue'))
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == ['one: 2', 'two: 1']
    (note,) = axes.texts
    assert note.get_text() == 'here'
    np.testing.assert_array_equal(note.xy, positions[first.owner])
