"""What all ops written in C share: their files, their macros, and their cache keys.

Theano compiles the C code of an op again when its cache key changes. The key contains
a checksum of the files that the op is compiled from, so an edit reaches every user of
the code, and ops that are compiled from other files are left alone.
"""

from __future__ import annotations

import glob
import hashlib
import os
from functools import lru_cache
from typing import Any, Sequence

from theano import gof
from theano.gof.op import OpenMPOp

__all__ = ['CodeFolder', 'CodeFolderOp', 'SHARED', 'openmp_arguments']


class CodeFolder:
    """A folder of C code, and the parts of it that a family of ops is compiled from.

    Parameters
    ----------
    path : str
        The folder; C code includes its files relative to it.
    parts : sequence of str
        Subfolders, or patterns of file names such as ``*.h``.
    shared : CodeFolder, optional
        Code of other folders that this code includes.

    Raises
    ------
    FileNotFoundError
        If a part is empty or missing.
    """

    def __init__(
        self, path: str, parts: Sequence[str], shared: CodeFolder | None = None
    ) -> None:
        self.path, self.parts, self.shared = path, tuple(parts), shared
        self.checksum = lru_cache(maxsize=None)(self._checksum)
        for part in self.parts:
            if not self._files_of(part):
                raise FileNotFoundError('no C code in %s' % self.file(part))

    def file(self, name: str) -> str:
        """Return the path of a file, given relative to the folder."""
        return os.path.join(self.path, name)

    def read(self, name: str) -> str:
        """Return the text of a file, given relative to the folder."""
        with open(self.file(name), encoding='utf8') as file:
            return file.read()

    def include_folders(self) -> list[str]:
        """Return the folders that the compiler searches for included files."""
        return [self.path] + (self.shared.include_folders() if self.shared else [])

    def files(self) -> list[str]:
        """Return the paths of all files in the parts, sorted."""
        return sorted(path for part in self.parts for path in self._files_of(part))

    def _files_of(self, part):
        path = self.file(part)
        if os.path.isdir(path):
            path = os.path.join(path, '**', '*.*')
        return glob.glob(path, recursive=True)

    def _checksum(self) -> int:
        """Return a number made of the names and contents of all files; cached."""
        digest = hashlib.sha256()
        if self.shared:
            digest.update(b'%d' % self.shared.checksum())
        for path in self.files():
            with open(path, 'rb') as file:
                name = os.path.relpath(path, self.path)
                digest.update(name.encode() + b'\0' + file.read())
        return int.from_bytes(digest.digest()[:7], 'big')


SHARED = CodeFolder(
    os.path.join(os.path.dirname(os.path.abspath(__file__)), 'c_code'), ['*.h']
)


class CodeFolderOp(gof.COp):
    """An op whose C code is in a `CodeFolder`; a base class.

    Attributes
    ----------
    code : CodeFolder
        Set by a subclass.
    """

    code: CodeFolder

    def macros(self) -> dict[str, Any]:
        """Return the macros that the C code is compiled with, besides Theano's."""
        return {}

    def get_c_macros(self, node, name, check_input=None):
        """Return the definitions of Theano's macros and ours, and their ends."""
        defined, undefined = super().get_c_macros(node, name, True)
        ours = self.macros().items()
        return (
            '\n'.join([defined] + ['#define %s %s' % item for item in ours]),
            '\n'.join([undefined] + ['#undef ' + key for key, _ in ours]),
        )

    def c_header_dirs(self):
        """Return the folders of the C code."""
        return self.code.include_folders()

    def c_code_cache_version(self):
        """Return a key that changes with any file that the op is compiled from."""
        return (self.code.checksum(), self.params_type.c_code_cache_version())


@lru_cache(maxsize=None)
def openmp_arguments() -> list[str]:
    """Return the compiler's arguments for OpenMP, if it supports OpenMP."""
    supported = OpenMPOp.gxx_support_openmp
    if supported is None:  # Theano has not tried it yet
        supported = OpenMPOp.test_gxx_support()
    return ['-fopenmp'] if supported else []
