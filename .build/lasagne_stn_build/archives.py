"""Source archives: Theano-PyMC's, fetched and read; ours, completed."""

import io
import os
import subprocess
import sys
import tarfile
import tempfile

__all__ = ['BuildError', 'VERSION', 'add_folder', 'read_archive', 'theano_files']

VERSION = '1.0.9'
SHA256 = '56b3cddcd226fc501ecd96f2feff7d455bf79715d76aa6b1a87d92808fe1b1bd'
ROOT = 'Theano-PyMC-%s/' % VERSION
LICENCE = ROOT + 'LICENSE.txt'
SHADOW = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'shadow')
PROBLEM = """
lasagne_stn could not fetch Theano-PyMC {version}, which its wheel holds on Python 3.12
and later. This command failed:

    {command}

{output}

It asks PyPI, or the index in pip's own configuration or environment (PIP_INDEX_URL,
PIP_FIND_LINKS, PIP_PROXY, PIP_CERT). Options of the pip or uv command that you typed
do not reach it.
If this machine has no network, download Theano-PyMC-{version}.tar.gz from
https://pypi.org/project/Theano-PyMC/{version}/#files on another one, put it into a
folder, and run the same again with PIP_FIND_LINKS=/path/of/that/folder.
"""


class BuildError(SystemExit):
    """A build that cannot go on: pip and uv show the message without a traceback."""


def theano_files():
    """Fetch Theano-PyMC with pip, which checks the archive's SHA-256.

    Returns
    -------
    package : dict
        Path from ``theano/`` on to bytes, for each file of the package.
    licences : dict
        The same for its licence.

    Raises
    ------
    BuildError
        If pip cannot fetch the archive, or its hash is another one.
    """
    with tempfile.TemporaryDirectory() as folder:
        _download(folder)
        (name,) = (name for name in os.listdir(folder) if name.endswith('.tar.gz'))
        return read_archive(os.path.join(folder, name))


def _download(folder):
    """Let pip download the archive, whose ``setup.py`` it runs to read the metadata.

    That needs a name of Python 3.11's `configparser`: a module that has it comes first
    on the path. Without build isolation, pip runs ``setup.py`` with this very path.
    """
    requirements = os.path.join(folder, 'requirements.txt')
    with open(requirements, 'w') as file:
        file.write('theano-pymc==%s --hash=sha256:%s\n' % (VERSION, SHA256))
    command = [sys.executable, '-m', 'pip', 'download', '--no-deps']
    command += ['--no-build-isolation', '--no-binary=theano-pymc', '--require-hashes']
    command += ['--dest', folder, '--requirement', requirements]
    done = subprocess.run(
        command,
        env=_environment(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise BuildError(
            PROBLEM.format(
                version=VERSION,
                command=' '.join(command),
                output='\n'.join('    ' + line for line in done.stdout.splitlines()),
            )
        )


def _environment(given):
    """Return the environment of pip: `given`, and the module that setup.py needs.

    What the program that builds *this* package told our backend through variables is
    not for the backend of Theano-PyMC.
    """
    environment = {
        name: value
        for name, value in given.items()
        if not name.startswith(('_PYPROJECT_HOOKS_', 'PEP517_'))
    }
    path = [SHADOW] + [given[name] for name in ['PYTHONPATH'] if given.get(name)]
    environment['PYTHONPATH'] = os.pathsep.join(path)
    environment['PIP_DISABLE_PIP_VERSION_CHECK'] = '1'
    return environment


def read_archive(path):
    """Return the package and the licence in the archive at `path`, as two dicts."""
    package, licences = {}, {}
    with tarfile.open(path) as archive:
        for member in archive:
            if not member.isfile():
                continue
            if member.name.startswith(ROOT + 'theano/'):
                package[member.name[len(ROOT) :]] = archive.extractfile(member).read()
            elif member.name == LICENCE:
                licences['theano/LICENSE.txt'] = archive.extractfile(member).read()
    if 'theano/__init__.py' not in package or not licences:
        raise BuildError(
            'lasagne_stn found no package theano with a licence in %s' % path
        )
    return package, licences


def add_folder(path, folder):
    """Add a folder beside ``setup.cfg`` to our source archive, without caches."""
    with tarfile.open(path) as archive:
        members = [
            (member, archive.extractfile(member).read() if member.isfile() else None)
            for member in archive
        ]
    root = members[0][0].name.split('/')[0]
    with tarfile.open(path + '.new', 'w:gz', format=tarfile.PAX_FORMAT) as archive:
        for member, content in members:
            archive.addfile(member, None if content is None else io.BytesIO(content))
        archive.add(folder, root + '/' + os.path.basename(folder), filter=_own)
    os.replace(path + '.new', path)


def _own(member):
    """Drop compiled files, and say nothing about who built the archive."""
    if os.path.basename(member.name) == '__pycache__':
        return None
    member.uid = member.gid = 0
    member.uname = member.gname = ''
    return member
