"""Prepare Theano and Lasagne for this machine, whichever a program imports first.

Python reads ``lasagne_stn_hook.pth``, beside this file, when it starts. The one line
there calls `install`, which puts a finder on ``sys.meta_path``. Nothing else happens
until the program imports Theano or Lasagne. Then ``lasagne_stn`` makes them work on
this Python and numpy and sets the flags that suit the machine, as
``import lasagne_stn`` does; flags that the user set take precedence. The fused kernels
are not registered. Programs that import neither pay for the import of this file only.

The alternative was to let ``lasagne-stn doctor --fix`` write Theano's configuration
file. That file belongs to the user and not to the environment: it would change other
environments and outlive the package. It also cannot help on Python 3.12 and later,
where Theano fails before it reads the file.

``pip uninstall lasagne-stn`` removes both files. The environment variable
``LASAGNE_STN_HOOK=0`` switches the hook off. If ``lasagne_stn`` cannot be found, Theano
and Lasagne are imported as if there were no hook.
"""

import os
import sys

__all__ = ['install', 'watched']

# Module to the function of lasagne_stn._platform.startup that imports it.
FUNCTIONS = {'theano': 'import_theano', 'lasagne': 'import_lasagne'}
watched = set()  # the modules whose import is still to be prepared


def install():
    """Watch the imports of Theano and Lasagne, unless the user switched that off.

    Python reads each ``.pth`` file of a virtual environment twice.
    """
    installed = any(isinstance(finder, Finder) for finder in sys.meta_path)
    if not installed and os.environ.get('LASAGNE_STN_HOOK') != '0':
        watched.update(FUNCTIONS)
        sys.meta_path.insert(0, Finder())


class Finder:
    """Finds watched modules where Python finds them, with a loader of ours."""

    def find_spec(self, name, path=None, target=None):
        """Return the spec of a watched module, None for all others."""
        if name not in watched:
            return None
        for finder in list(sys.meta_path):
            if finder is not self and hasattr(finder, 'find_spec'):
                spec = finder.find_spec(name, path, target)
                if spec is not None:
                    if hasattr(spec.loader, 'exec_module'):
                        spec.loader = Loader(spec.loader)
                    return spec
        return None


class Loader:
    """Has ``lasagne_stn`` import a module; otherwise acts as the module's own loader.

    Finding a module must not change anything, so the work is done on loading.
    """

    def __init__(self, loader):
        self.loader = loader

    def __getattr__(self, name):
        return getattr(self.loader, name)

    def create_module(self, spec):
        """Let Python create a module, which only stands in for the real one."""
        return None

    def exec_module(self, module):
        """Import the module anew; Python takes it from ``sys.modules``."""
        name = module.__name__
        with _PackageAlone():
            prepared_import = _prepared_import(name)
            if prepared_import:
                del sys.modules[name]
                prepared_import()
                # lasagne_stn puts a finder of its own in front.
                sys.meta_path.sort(key=lambda finder: not isinstance(finder, Finder))
                return
        module.__loader__ = module.__spec__.loader = self.loader
        self.loader.exec_module(module)


class _PackageAlone:
    """Stands in for ``lasagne_stn`` while its folder ``_platform`` is used alone.

    ``lasagne_stn/__init__.py`` would import Theano itself, and the fused kernels. A
    ``from . import name`` anywhere in ``_platform`` would import that file.
    """

    def __enter__(self):
        import importlib.util

        self.stand_in = None
        if 'lasagne_stn' not in sys.modules:
            spec = importlib.util.find_spec('lasagne_stn')
            if spec is not None:
                self.stand_in = importlib.util.module_from_spec(spec)
                sys.modules['lasagne_stn'] = self.stand_in

    def __exit__(self, *problem):
        if self.stand_in and sys.modules.get('lasagne_stn') is self.stand_in:
            del sys.modules['lasagne_stn']


def _prepared_import(name):
    """Return the function of ``lasagne_stn`` that imports a module, or None."""
    if 'lasagne_stn' not in sys.modules:
        return None
    try:
        import importlib

        startup = importlib.import_module('lasagne_stn._platform.startup')
        return getattr(startup, FUNCTIONS[name])
    except Exception as problem:
        import warnings

        warnings.warn(
            'lasagne_stn cannot prepare the import of %s: %r\nRun: pip install '
            '--force-reinstall --no-deps lasagne-stn\nor set LASAGNE_STN_HOOK=0'
            % (name, problem),
            RuntimeWarning,
            stacklevel=2,
        )
        return None
