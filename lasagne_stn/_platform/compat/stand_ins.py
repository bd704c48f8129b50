"""The few functions of distutils that Theano calls; Python 3.12 no longer has them.

``setuptools`` brings a distutils of its own, but not every environment has setuptools,
and its releases differ.
"""

from __future__ import annotations

import shutil
import sysconfig

__all__ = ['distutils']


class distutils:
    """Stands for the package in Theano's modules; nothing else sees it."""

    class spawn:
        """Programs on the search path."""

        find_executable = staticmethod(shutil.which)

    class sysconfig:
        """Folders and settings of this Python."""

        get_config_var = staticmethod(sysconfig.get_config_var)
        get_config_h_filename = staticmethod(sysconfig.get_config_h_filename)
        get_python_version = staticmethod(sysconfig.get_python_version)

        @staticmethod
        def get_python_inc(plat_specific: bool = False) -> str:
            """Return the folder of Python's C headers."""
            return sysconfig.get_path('platinclude' if plat_specific else 'include')

        @staticmethod
        def get_python_lib(
            plat_specific: bool = False, standard_lib: bool = False
        ) -> str:
            """Return the folder of the standard library or of installed packages."""
            if standard_lib:
                return sysconfig.get_path('platstdlib' if plat_specific else 'stdlib')
            return sysconfig.get_path('platlib' if plat_specific else 'purelib')
