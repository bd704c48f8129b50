"""What the build backend adds to a wheel, and the tags that keep wheels apart."""

import zipfile

import pytest

from helpers.wheels import check_record

tags = pytest.importorskip('packaging.tags')

NAME = 'some_name-1.0-py3-none-any.whl'
INFO = 'some_name-1.0.dist-info/'
WITH_THEANO = 'py312-none-any'
WITHOUT = 'cp38.cp39.cp310.cp311-none-any'
METADATA = 'Metadata-Version: 2.4\nName: some-name\nLicense-File: LICENSE\n\nText.\n'


@pytest.fixture
def wheel(tmp_path):
    """A wheel as setuptools builds it, with a RECORD that is out of date."""
    with zipfile.ZipFile(tmp_path / NAME, 'w') as file:
        file.writestr('some_name/', '')
        file.writestr('some_name/__init__.py', 'x = 1\n')
        file.writestr(INFO + 'METADATA', METADATA)
        file.writestr(INFO + 'WHEEL', 'Wheel-Version: 1.0\nTag: py3-none-any\n\n')
        file.writestr(INFO + 'RECORD', 'some_name/__init__.py,sha256=old,1\n')
    return tmp_path


def test_files_licences_and_tags_are_added(wheels, wheel):
    name = wheels.add_files(
        str(wheel),
        NAME,
        {'theano/__init__.py': b'# Theano\n', 'hook, and comma.py': b''},
        {'theano/LICENSE.txt': b'Copyright\n'},
        WITHOUT,
    )
    assert name == 'some_name-1.0-cp38.cp39.cp310.cp311-none-any.whl'
    assert [path.name for path in wheel.iterdir()] == [name]
    contents = check_record(wheel / name)
    assert contents['some_name/__init__.py'] == b'x = 1\n'
    assert contents['theano/__init__.py'] == b'# Theano\n'
    assert contents[INFO + 'licenses/theano/LICENSE.txt'] == b'Copyright\n'
    assert contents[INFO + 'WHEEL'].decode().split('\n')[1:5] == [
        'Tag: cp38-none-any',
        'Tag: cp39-none-any',
        'Tag: cp310-none-any',
        'Tag: cp311-none-any',
    ]
    assert contents[INFO + 'METADATA'].decode() == METADATA.replace(
        'LICENSE\n', 'LICENSE\nLicense-File: theano/LICENSE.txt\n'
    )


def test_the_same_files_give_the_same_wheel(wheels, wheel):
    before = (wheel / NAME).read_bytes()
    built = []
    for _ in range(2):
        (wheel / NAME).write_bytes(before)
        name = wheels.add_files(str(wheel), NAME, {'a.py': b'1'}, {}, WITH_THEANO)
        built.append((wheel / name).read_bytes())
    assert built[0] == built[1]


def test_two_files_of_one_name_raise_an_error(wheels, wheel):
    with pytest.raises(ValueError, match='some_name/__init__.py is in the wheel twice'):
        wheels.add_files(
            str(wheel), NAME, {'some_name/__init__.py': b'y'}, {}, WITH_THEANO
        )


def test_an_unexpected_tag_raises_an_error(wheels):
    with pytest.raises(ValueError, match='without the tag py3-none-any'):
        wheels._with_tags('Tag: cp311-cp311-linux_x86_64\n', WITH_THEANO)


@pytest.mark.parametrize('minor', range(8, 15))
def test_exactly_one_wheel_fits_each_python(minor):
    fitting = {
        str(tag)
        for tag in tags.compatible_tags((3, minor), 'cp3%d' % minor, ['linux_x86_64'])
    }
    without = {'%s-none-any' % python for python in WITHOUT.split('-')[0].split('.')}
    assert bool(fitting & without) == (minor < 12)
    assert (WITH_THEANO in fitting) == (minor >= 12)


def test_the_backend_uses_these_tags(build_folder):
    text = (build_folder / 'lasagne_stn_build' / '__init__.py').read_text()
    assert "TAG = '%s' if THEANO_INSIDE else '%s'" % (WITH_THEANO, WITHOUT) in text
