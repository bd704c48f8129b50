"""Python 3.12 removed distutils, and with it numpy removed numpy.distutils.

Older Pythons have them, but Python 3.10 and 3.11 warn at each import, and setuptools,
which replaces distutils by its own, broke numpy's in release 81. Release 82 removed
pkg_resources. So Theano uses the stand-ins and numpy's own functions everywhere.
"""

from .patch import Patch

__all__ = ['PATCHES']

STAND_INS = 'from %s.stand_ins import distutils' % __package__
PATCHES = [
    Patch('theano.configdefaults', 'import distutils.spawn', STAND_INS),
    # numpy 1.22 removed blas_opt_info, for which Theano then looked in vain. With
    # nothing known, it tries MKL and -lblas.
    Patch(
        'theano.configdefaults',
        'if hasattr(np.distutils, "__config__") and np.distutils.__config__:',
        'if True:',
    ),
    Patch(
        'theano.configdefaults',
        'blas_info = np.distutils.__config__.blas_opt_info',
        'blas_info = {}',
    ),
    Patch('theano.gof.cmodule', 'import distutils.sysconfig', STAND_INS),
    Patch('theano.gof.cmodule', 'import numpy.distutils', 'import numpy'),
    Patch(
        'theano.gof.cmodule',
        'numpy.distutils.misc_util.get_numpy_include_dirs()',
        '[numpy.get_include()]',
    ),
    Patch(
        'theano.tensor.blas',
        'import numpy.distutils\n\ntry:\n    import numpy.distutils.__config__  #',
        'import numpy\n\ntry:\n    pass  #',
    ),
    # It was imported for the name of one exception.
    Patch('theano.gpuarray.linalg', 'import pkg_resources\n', '\n'),
    Patch(
        'theano.gpuarray.linalg',
        '(ImportError, OSError, RuntimeError, pkg_resources.DistributionNotFound)',
        '(ImportError, OSError, RuntimeError)',
    ),
]
