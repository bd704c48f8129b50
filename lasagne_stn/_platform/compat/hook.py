"""The import hook: a finder that hands patched texts of Theano's modules to Python."""

from __future__ import annotations

import importlib.util
import os
import sys
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader

__all__ = ['install', 'Finder', 'Loader']

# Modules that Theano lost and Lasagne 0.1 imports, and our files that replace them.
ADDED_MODULES = {'theano.tensor.signal.downsample': 'downsample.py'}
# Theano imports this module when it first compiles a scan, so it can still be patched
# if Theano was imported before.
LATE_MODULE = 'theano.scan_module.scan_perform_ext'


def install() -> None:
    """Patch Theano and Lasagne when they are imported from now on.

    If Theano has been imported already, it stays as it is, apart from the loop of scan.
    """
    if not any(isinstance(finder, Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, Finder('theano' not in sys.modules))


class Finder:
    """Finds the modules that have patches, and those that Theano no longer has.

    Parameters
    ----------
    patch_theano : bool
        Whether all of Theano's modules are patched; Lasagne's always are.
    """

    def __init__(self, patch_theano: bool = True):
        self.patch_theano = patch_theano
        self._patches = None

    def __repr__(self):
        return 'Finder(patch_theano=%s)' % self.patch_theano

    def find_spec(self, name, path=None, target=None) -> ModuleSpec | None:
        """Return how to load a module, or None to leave it to Python."""
        package = name.partition('.')[0]
        if package not in ('theano', 'lasagne'):
            return None
        if name in ADDED_MODULES:
            return self._added(name, path)
        if package == 'theano' and not self.patch_theano and name != LATE_MODULE:
            return None
        patches = self._patches_of(name)
        if not patches:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = Loader(spec.loader.name, spec.loader.path, patches)
        return spec

    def _patches_of(self, name):
        if self._patches is None:
            from .selection import needed_patches

            self._patches = {}
            for patch in needed_patches():
                self._patches.setdefault(patch.module, []).append(patch)
        return self._patches.get(name)

    @staticmethod
    def _added(name, path):
        if PathFinder.find_spec(name, path) is not None:
            return None
        file = os.path.join(os.path.dirname(__file__), ADDED_MODULES[name])
        return importlib.util.spec_from_file_location(name, file)


class Loader(SourceFileLoader):
    """Loads a module from its file, with patches applied to the text."""

    def __init__(self, name, path, patches):
        super().__init__(name, path)
        self.patches = patches

    def get_code(self, fullname):
        """Return the module's code, compiled from the patched text."""
        from .bytecode import compiled
        from .patch import apply_patches
        from .selection import package_version

        text = importlib.util.decode_source(self.get_data(self.path))
        version = package_version(fullname.partition('.')[0])
        return compiled(apply_patches(text, self.patches, version), self.path)
