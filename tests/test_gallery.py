"""Pictures of the transforms."""

import os

import numpy as np
import pytest

import lasagne_stn
from lasagne_stn import gallery

matplotlib = pytest.importorskip('matplotlib', reason='extra "paper" is not installed')


def test_each_transform_has_a_different_picture(tmp_path):
    image = np.zeros((9, 9))
    image[2:7, 3:5] = 1
    paths = gallery.draw_gallery(str(tmp_path), image)
    assert [os.path.basename(path) for path in paths] == [
        name + '.png' for name in gallery.PICTURES
    ]
    contents = set()
    for path in paths:
        with open(path, 'rb') as file:
            contents.add(file.read())
    assert len(contents) == len(paths)
    assert all(text.startswith(b'\x89PNG') for text in contents)


def test_the_pictures_in_the_docs_are_small():
    folder = os.path.join(os.path.dirname(lasagne_stn.__file__), 'docs', 'images')
    for name in gallery.PICTURES:
        assert 1000 < os.path.getsize(os.path.join(folder, name + '.png')) < 15000


def test_the_default_image_is_a_digit(tmp_path, monkeypatch):
    pytest.importorskip('sklearn', reason='extra "paper" is not installed')
    first = dict(list(gallery.PICTURES.items())[:1])
    monkeypatch.setattr(gallery, 'PICTURES', first)
    (path,) = gallery.draw_gallery(str(tmp_path / 'new' / 'folder'))
    assert os.path.getsize(path) > 1000


def test_the_command_saves_pictures_in_a_folder(tmp_path, monkeypatch):
    testing = pytest.importorskip('click.testing', reason='extra "paper" is missing')
    from lasagne_stn.cli import commands

    monkeypatch.setattr(gallery, 'draw_gallery', lambda folder: [folder + '/one.png'])
    runner = testing.CliRunner()
    result = runner.invoke(commands, ['gallery', '--output', str(tmp_path)])
    assert result.exit_code == 0 and result.output == '%s/one.png\n' % tmp_path
    (tmp_path / 'file').touch()
    result = runner.invoke(commands, ['gallery', '--output', str(tmp_path / 'file')])
    assert result.exit_code == 2 and 'is a file' in result.output
    monkeypatch.undo()
    result = runner.invoke(commands, ['gallery', '--output', str(tmp_path / 'file/a')])
    assert result.exit_code == 1 and 'Not a directory' in result.output
