"""Pictures, checked by reading their axes."""

import io
import sys

import numpy as np
import pytest
from matplotlib.animation import AbstractMovieWriter
from PIL import Image

from lasagne_stn import viz


def affine_points(theta, size):
    """Source points of an affine transform, computed by a loop over pixels."""
    rows, columns = size
    points = np.empty((rows, columns, 2))
    for row in range(rows):
        for column in range(columns):
            target = [2 * column / (columns - 1) - 1, 2 * row / (rows - 1) - 1, 1]
            points[row, column] = np.dot(np.reshape(theta, (2, 3)), target)
    return points


@pytest.fixture
def axes():
    return viz.new_figure(3, 2).add_subplot()


def test_the_outline_connects_the_transformed_corners(axes):
    theta = [0.5, -0.2, 0.1, 0.3, 0.6, -0.2]
    viz.draw_grid(axes, np.zeros((11, 21)), affine_points(theta, (6, 9)), lines=3)
    drawn = [line.get_xydata() for line in axes.get_lines()]
    corners = {
        (x, y): np.dot(np.reshape(theta, (2, 3)), [x, y, 1]) * [10, 5] + [10, 5]
        for x in (-1, 1)
        for y in (-1, 1)
    }
    for start, end in (
        ((-1, -1), (1, -1)),
        ((-1, 1), (1, 1)),
        ((-1, -1), (-1, 1)),
        ((1, -1), (1, 1)),
    ):
        assert any(
            np.allclose(line[0], corners[start]) and np.allclose(line[-1], corners[end])
            for line in drawn
        )
    assert len(drawn) == 3 + 3 + 1
    thickest = max(axes.get_lines(), key=lambda line: line.get_linewidth())
    np.testing.assert_allclose(
        thickest.get_xydata()[[0, -1]], [corners[-1, -1], corners[1, -1]]
    )


def test_the_image_is_drawn_upright_under_the_grid(axes, rng):
    image = rng.uniform(size=(4, 6))
    viz.draw_grid(axes, image, affine_points([1, 0, 0, 0, 1, 0], (3, 5)))
    (shown,) = axes.get_images()
    np.testing.assert_array_equal(shown.get_array(), image)
    assert axes.get_xlim()[0] < -0.5 and axes.get_xlim()[1] > 5.5
    bottom, top = axes.get_ylim()
    assert top < -0.5 and bottom > 3.5


def test_before_after_arranges_inputs_and_outputs(rng):
    figure = viz.new_figure(6, 4)
    images, warped = rng.uniform(size=(3, 6, 5)), rng.uniform(size=(2, 3, 4, 2))
    points = [
        np.stack([affine_points([size, 0, 0, 0, size, 0], (4, 2))] * 3)
        for size in (1, 0.5)
    ]
    axes = viz.before_after(
        figure, [7, 1, 4], images, (points[0], warped[0]), (points[1], warped[1])
    )
    assert axes.shape == (4, 3)
    assert [top.get_title() for top in axes[0]] == ['7', '1', '4']
    for column in range(3):
        shown = [row.get_images()[0].get_array() for row in axes[:, column]]
        for got, wanted in zip(shown, (images, warped[0], images, warped[1])):
            np.testing.assert_array_equal(got, wanted[column])
        widths = [
            np.ptp(axes[row, column].get_lines()[-1].get_xdata()) for row in (0, 2)
        ]
        np.testing.assert_allclose(widths, [4, 2])
    assert [row.get_ylabel().split()[0] for row in axes[:, 0]] == [
        'before',
        'before',
        'after',
        'after',
    ]


def transformed_corners(theta, size):
    """The output's corners in pixels of the image, clockwise from the top left."""
    half = (np.array(size[::-1]) - 1) / 2
    return np.array(
        [
            np.dot(np.reshape(theta, (2, 3)), [x, y, 1]) * half + half
            for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))
        ]
    )


def test_boxes_connect_the_transformed_corners(axes, rng):
    thetas = [[0.5, -0.2, 0.1, 0.3, 0.6, -0.2], [0.4, 0, -0.3, 0, 0.4, 0.5]]
    image = rng.uniform(size=(11, 21))
    points = np.stack([affine_points(theta, (6, 9)) for theta in thetas])
    viz.draw_boxes(axes, image, points, colours=['red', 'blue'], labels=['one'])
    (shown,) = axes.get_images()
    np.testing.assert_array_equal(shown.get_array(), image)
    for line, theta, colour in zip(axes.get_lines(), thetas, ['red', 'blue']):
        corners = transformed_corners(theta, image.shape)
        np.testing.assert_allclose(line.get_xydata()[:4], corners)
        np.testing.assert_allclose(line.get_xydata()[4], corners[0])
        assert line.get_color() == colour
    assert len(axes.get_lines()) == 2
    (label,) = axes.texts
    assert label.get_text() == 'one' and label.get_color() == 'red'
    np.testing.assert_allclose(
        label.get_position(), transformed_corners(thetas[0], image.shape)[0]
    )


def test_colours_of_boxes_repeat(axes):
    points = np.stack([affine_points([0.5, 0, 0, 0, 0.5, 0], (2, 2))] * 3)
    viz.draw_boxes(axes, np.zeros((4, 5)), points, colours=['red', 'blue'])
    assert [line.get_color() for line in axes.get_lines()] == ['red', 'blue', 'red']


def test_a_pair_shows_the_grid_and_the_output(rng):
    image, warped = rng.uniform(size=(6, 5)), rng.uniform(size=(4, 3))
    theta = [0.5, 0.1, 0.1, 0, 0.6, -0.2]
    left, right = viz.draw_pair(
        viz.new_figure(4, 2), image, affine_points(theta, (4, 3)), warped
    )
    np.testing.assert_array_equal(left.get_images()[0].get_array(), image)
    np.testing.assert_allclose(
        left.get_lines()[-1].get_xydata()[[0, -1]],
        transformed_corners(theta, (6, 5))[:2],
    )
    np.testing.assert_array_equal(right.get_images()[0].get_array(), warped)
    assert not right.get_lines()


def test_without_align_corners_the_ends_are_the_outer_edges(axes):
    image = np.zeros((4, 8)).tolist()  # lists are accepted too
    points = np.array([[[-1, -1], [0.5, -1]], [[-1, 1], [0.5, 1]]])
    edges = [[-0.5, -0.5], [5.5, -0.5], [5.5, 3.5], [-0.5, 3.5]]
    viz.draw_boxes(axes, image, points[np.newaxis], align_corners=False)
    np.testing.assert_allclose(axes.get_lines()[0].get_xydata()[:4], edges)
    viz.draw_grid(axes, image, points, align_corners=False)
    np.testing.assert_allclose(axes.get_lines()[-1].get_xydata(), edges[:2])
    left, _ = viz.draw_pair(
        viz.new_figure(4, 2), image, points, image, align_corners=False
    )
    np.testing.assert_allclose(left.get_lines()[-1].get_xydata(), edges[:2])


class Recorder(AbstractMovieWriter):
    """Records the contents of the axes at each frame."""

    def __init__(self):
        super().__init__()
        self.frames = []

    def setup(self, figure, outfile, dpi=None):
        self.fig = figure

    def grab_frame(self, **options):
        self.frames.append(
            [
                (
                    one.get_images()[0].get_array().data.copy(),
                    one.get_title(loc='left'),
                    [line.get_xydata() for line in one.get_lines()],
                )
                for one in self.fig.axes
            ]
        )

    def finish(self):
        pass


def test_each_frame_of_an_animation_shows_its_grids_and_outputs(rng):
    images, warped = rng.uniform(size=(2, 6, 5)), rng.uniform(size=(3, 2, 4, 3))
    thetas = rng.normal(scale=0.2, size=(3, 2, 6)) + [1, 0, 0, 0, 1, 0]
    points = np.array(
        [[affine_points(theta, (4, 3)) for theta in frame] for frame in thetas]
    )
    axes = viz.new_figure(4, 4).subplots(2, 2)
    animation = viz.grid_animation(axes, images, points, warped, ['a', 'b', 'c'])
    recorder = Recorder()
    animation.save('nothing is written', writer=recorder)
    assert len(recorder.frames) == 3
    for number, frame in enumerate(recorder.frames):
        assert [title for _, title, _ in frame] == ['abc'[number], '', '', '']
        for column in (0, 1):
            shown, _, lines = frame[column]
            np.testing.assert_array_equal(shown, images[column])
            corners = transformed_corners(thetas[number, column], (6, 5))
            np.testing.assert_allclose(lines[-1][[0, -1]], corners[:2])
            read, _, lines = frame[2 + column]
            np.testing.assert_array_equal(read, warped[number, column])
            assert not lines


def test_labels_fit_into_the_figure(rng):
    figure = viz.new_figure(12, 4.5)
    points = np.stack([affine_points([1, 0, 0, 0, 1, 0], (4, 4))] * 10)
    warped = rng.uniform(size=(10, 4, 4))
    axes = viz.before_after(
        figure, range(10), warped, (points, warped), (points, warped)
    )
    figure.canvas.draw()
    for row in axes:
        for box in (
            row[0].yaxis.label.get_window_extent(),
            axes[0, 0].title.get_window_extent(),
        ):
            assert box.x0 >= 0 and box.y1 <= figure.bbox.y1


def test_a_figure_leaves_matplotlibs_global_state_alone():
    pyplot_was_loaded = 'matplotlib.pyplot' in sys.modules
    target = io.BytesIO()
    viz.new_figure(2, 1).savefig(target)
    assert target.getvalue().startswith(b'\x89PNG')
    assert ('matplotlib.pyplot' in sys.modules) == pyplot_was_loaded


def test_wrong_shapes_raise_errors(axes):
    image, points = np.zeros((4, 5)), np.zeros((3, 3, 2))
    viz.draw_grid(axes, image, points)
    with pytest.raises(ValueError, match=r'image must .*got \(1, 4, 5\)'):
        viz.draw_grid(axes, image[np.newaxis], points)
    with pytest.raises(ValueError, match=r'points must .*columns, 2\), got \(3, 3\)'):
        viz.draw_grid(axes, image, points[:, :, 0])
    with pytest.raises(ValueError, match=r'image must .*got \(1, 4, 5\)'):
        viz.draw_image(axes, image[np.newaxis])
    with pytest.raises(ValueError, match=r'image must .*got \(1, 4, 5\)'):
        viz.draw_boxes(axes, image[np.newaxis], points[np.newaxis])
    with pytest.raises(ValueError, match=r'points must .*, 2\), got \(3, 3, 2\)'):
        viz.draw_boxes(axes, image, points)


def test_arrays_of_an_animation_must_match(rng):
    axes = viz.new_figure(4, 4).subplots(2, 3)
    matching = {
        'axes': axes,
        'images': np.zeros((3, 4, 5)),
        'points': np.zeros((2, 3, 6, 7, 2)),
        'warped': np.zeros((2, 3, 6, 7)),
    }
    viz.grid_animation(**matching).save('nothing is written', writer=Recorder())
    for name, wrong, shapes in (
        ('axes', axes[:, :2], r'\(2, 3\), got \(2, 2\)'),
        ('images', np.zeros((3, 4)), r'rows, columns\), got \(3, 4\)'),
        ('points', np.zeros((2, 3, 6, 6, 2)), r'7, 2\), got \(2, 3, 6, 6, 2\)'),
        ('captions', ['one for two'], r'\(2,\), got \(1,\)'),
        ('warped', np.zeros((1, 3, 6, 7)), r'\(2, 3, .*got \(1, 3, 6, 7\)'),
    ):
        message = '%s must have shape .*%s' % (name, shapes)
        with pytest.raises(ValueError, match=message):
            viz.grid_animation(**dict(matching, **{name: wrong}))


def test_missing_matplotlib_raises_an_error_with_the_pip_command(monkeypatch):
    monkeypatch.setitem(sys.modules, 'matplotlib.figure', None)
    message = r'matplotlib, which is not(.|\n)*pip install "lasagne-stn\[paper\]"'
    with pytest.raises(ImportError, match=message):
        viz.new_figure(2, 1)


class Unprintable:
    """A caption that fails when its frame is drawn."""

    def __str__(self):
        raise LookupError


def test_an_animation_is_written_atomically(rng, tmp_path):
    path = tmp_path / 'grids.gif'
    points = rng.uniform(-1, 1, size=(3, 2, 6, 7, 2))
    arrays = {
        'images': np.zeros((2, 4, 5)),
        'points': points,
        'warped': np.zeros((3, 2, 6, 7)),
    }
    viz.save_animation(
        viz.grid_animation(viz.new_figure(2, 2).subplots(2, 2), **arrays, interval=50),
        str(path),
    )
    with Image.open(str(path)) as picture:
        assert picture.n_frames == 3 and picture.info['duration'] == 50
    before = path.read_bytes()
    broken = viz.grid_animation(
        viz.new_figure(2, 2).subplots(2, 2),
        **arrays,
        captions=['first', 'second', Unprintable()],
    )
    with pytest.raises(LookupError):
        viz.save_animation(broken, str(path))
    assert [file.name for file in tmp_path.iterdir()] == ['grids.gif']
    assert path.read_bytes() == before


@pytest.mark.parametrize('kind', [str, lambda path: path], ids=['str', 'Path'])
def test_the_same_figure_gives_the_same_bytes(tmp_path, kind):
    for name in ('a.png', 'b.png'):
        figure = viz.new_figure(2, 1)
        figure.subplots().plot([1, 3])
        viz.save_figure(figure, kind(tmp_path / name))
    assert (tmp_path / 'a.png').read_bytes() == (tmp_path / 'b.png').read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ['a.png', 'b.png']


def test_graph_drawing_is_exported():
    from lasagne_stn.viz import graphs

    assert viz.draw_graph is graphs.draw_graph
    assert viz.operations is graphs.operations
