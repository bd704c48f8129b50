"""All changes to the process, to Theano or to the compiler, behind one call.

``prepare()`` runs when ``lasagne_stn`` is imported. Each module here makes one change
or looks up one fact:

- ``startup``: ``prepare``, the only entry point.
- ``command_line``: lets ``lasagne-stn`` start without Theano.
- ``versions``: checks Python and the dependencies, changes nothing.
- ``flags``: chooses Theano's flags; the user's flags take precedence.
- ``threads``: sets how OpenMP threads wait, and makes forks safe.
- ``toolchain``: finds the compiler, Python's headers and BLAS, changes nothing.
- ``compat``: lets Theano and Lasagne run on new releases of Python, numpy and scipy.
- ``missing_names``: says which Lasagne has a name that the installed one lacks.
- ``precompiled_headers``: makes Theano's C++ files compile faster.
- ``opencl``: patches Theano's GPU operations that fail on OpenCL.
- ``machine``: describes the machine for benchmark and training results.
"""

from . import command_line
from .startup import prepare

__all__ = ['command_line', 'prepare']
