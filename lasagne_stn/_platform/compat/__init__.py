"""Runs Theano-PyMC 1.0 and Lasagne 0.1 on new Pythons, by patching them on import.

Theano-PyMC 1.0.9 was written for Python 3.9 and numpy 1.19. Since then, distutils left
Python, numpy 2 changed its C API and its promotion rules, and scipy moved private
functions. ``install()`` makes Theano run on Python 3.8 to 3.14 and on numpy 1.20 to 2.x
with the dtypes and values it has on numpy 1.23. It writes to no file of Theano's or
Lasagne's and changes nothing in numpy or the standard library. Each file here is about
one thing:

=======================  ==============================================================
file                     what it is about
=======================  ==============================================================
``hook``                 finds modules to patch and hands the patched text to Python
``patch``                one replacement in one module, and the error if it has no place
``selection``            which replacements these versions of Python and numpy need
``bytecode``             keeps compiled modules, so that imports stay fast
``python_3_12``          distutils, numpy.distutils and pkg_resources are gone
``stand_ins``            the few functions of distutils that Theano calls
``numpy_1_23``           a list of slices is no longer an index
``numpy_1_24``           aliases such as ``np.bool`` are gone; integers must fit
``numpy_2``              renamed and removed functions
``promotion``            numpy 2 computes other dtypes and values, without an error
``as_before``            arrays made of Python numbers as numpy 1.23 made them
``scipy_private``        private functions of ``scipy.signal`` moved
``c_api``, ``compat.h``  names of the C APIs of Python and numpy that are gone
``scan_c_code``          the C code of scan, which an old Cython wrote
``scan``                 compiles that code, or lets Theano loop in Python
``scipy_blas``           the BLAS library in scipy's wheels has prefixed names
``compile_cache``        keeps what was compiled for other versions of numpy apart
``lasagne_0_1``          what Lasagne 0.1 imports and newer packages lack
``downsample``           the module ``theano.tensor.signal.downsample``
=======================  ==============================================================

This package imports nothing of `lasagne_stn` and no third-party package until Theano or
Lasagne is imported, so that it can be loaded alone and at the start of Python.
"""

from .hook import install

__all__ = ['install']
