"""Installing in fresh environments of this Python: minutes, and the network.

Left out unless asked for: ``python -m pytest -m install tests/install``.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import zipfile

import pytest

from helpers.wheels import check_record

pytestmark = pytest.mark.install

ROOT = pathlib.Path(__file__).resolve().parents[2]
THEANO_INSIDE = sys.version_info >= (3, 12)
PROGRAM = (
    'import theano, theano.tensor as T, lasagne, lasagne_stn; x = T.matrix();'
    'print(theano.__version__, theano.function([x], T.dot(x, x))([[2]]))'
)


def run(folder, *command):
    """Run a command without this process's own paths and flags; return its output."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=str(folder),
        env={'PATH': '/usr/bin:/bin', 'HOME': str(folder), **pip_settings()},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def pip_settings():
    """Return the variables that say where pip finds packages and certificates."""
    return {
        name: value
        for name, value in os.environ.items()
        if name.startswith(('PIP_', 'SSL_')) or name.lower().endswith('_proxy')
    }


@pytest.fixture
def clone(tmp_path):
    """A copy of the tracked files, so that builds leave nothing in the repository."""
    names = subprocess.check_output(
        ['git', 'ls-files', '-z'], cwd=str(ROOT), text=True
    ).split('\0')
    for name in filter(None, names):
        target = tmp_path / 'clone' / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(str(ROOT / name), str(target))
    return tmp_path / 'clone'


@pytest.fixture
def python(tmp_path):
    """The interpreter of a fresh environment."""
    run(tmp_path, sys.executable, '-m', 'venv', 'venv')
    return tmp_path / 'venv' / 'bin' / 'python'


def test_a_wheel_from_the_source_archive_installs_and_uninstalls(
    tmp_path, clone, python
):
    pip = [python, '-m', 'pip', '-q']
    run(tmp_path, *pip, 'install', 'build')
    run(tmp_path, python, '-m', 'build', '--outdir', 'dist', clone)
    (wheel,) = (tmp_path / 'dist').glob('*.whl')
    contents = check_record(wheel)
    assert ('theano/__init__.py' in contents) == THEANO_INSIDE
    licences = [name for name in contents if name.endswith('theano/LICENSE.txt')]
    assert len(licences) == THEANO_INSIDE
    assert not {'tests', 'bin', 'doc'} & {name.split('/')[0] for name in contents}
    if THEANO_INSIDE:
        assert b'Theano Development Team' in contents[licences[0]]
        with zipfile.ZipFile(wheel) as file:
            assert 'theano/gof/c_code/lazylinker_c.c' in file.namelist()

    run(tmp_path, *pip, 'install', wheel)
    assert run(tmp_path, python, '-W', 'error', '-c', PROGRAM) == '1.0.9 [[4.]]\n'
    run(tmp_path, *pip, 'uninstall', '-y', 'lasagne-stn')
    (site,) = (tmp_path / 'venv' / 'lib').glob('python*/site-packages')
    left = {path.name for path in site.iterdir()}
    assert not {'lasagne_stn', '_lasagne_stn_hook.py', 'lasagne_stn_hook.pth'} & left
    assert ('theano' in left) != THEANO_INSIDE
    assert run(tmp_path, python, '-c', 'pass') == ''


def test_an_editable_install_has_the_hook_and_theano(tmp_path, clone, python):
    run(tmp_path, python, '-m', 'pip', '-q', 'install', '-e', clone)
    assert run(tmp_path, python, '-W', 'error', '-c', PROGRAM) == '1.0.9 [[4.]]\n'
    show = 'import lasagne_stn; print(lasagne_stn.__file__)'
    assert run(tmp_path, python, '-c', show).startswith(str(clone))
