"""Describes Theano in a process of its own, and prints what it finds as JSON.

`ask_theano` runs this file by its path, with the module search path as its argument:
whatever happens here, the doctor can report it.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any, Sequence

__all__ = ['MARK', 'blas_speeds', 'describe', 'main']

MARK = 'lasagne_stn.doctor: '  # Theano and its plug-ins may print other lines


def main(search_path: Sequence[str]) -> None:
    """Print the answer: facts, or an error and the module that was being imported.

    Parameters
    ----------
    search_path : sequence of str
        The doctor's ``sys.path``.
    """
    sys.path[:] = search_path
    answer: dict[str, Any]
    try:
        answer = {'facts': describe()}
    except BaseException as error:  # what was printed is all that the doctor learns
        modules = ('numpy', 'scipy', 'theano', 'lasagne')
        answer = {
            'error': _text(error),
            'is_of_package': _is_of_package(error),
            'module': (getattr(error, 'name', None) or '').partition('.')[0],
            'not_imported': [name for name in modules if name not in sys.modules],
        }
    print('\n' + MARK + json.dumps(answer), flush=True)


def _is_of_package(error):
    """Return whether files of a package are the reason, and not flags, for example.

    >>> _is_of_package(ValueError()), _is_of_package(SyntaxError())
    (False, True)
    """
    if type(error).__name__ == 'PatchError':
        return True
    # The package's own checks are made by the doctor too.
    is_check = str(error).startswith('lasagne_stn needs')
    return isinstance(error, (ImportError, SyntaxError)) and not is_check


def _text(error):
    """Return the kind of an error and the first line of its message.

    >>> _text(ValueError('wrong\\nand more'))
    'ValueError: wrong'
    """
    lines = str(error).strip().split('\n')
    return '%s: %s' % (type(error).__name__, lines[0]) if lines[0] else repr(error)


def describe() -> dict[str, Any]:
    """Return what Theano says about itself.

    Takes a few seconds, mostly to compile a matrix product and to measure its speed.

    Returns
    -------
    dict
        Theano's flags; the speeds of :func:`blas_speeds` or an error; whether the
        compiler supports OpenMP; names of devices; names of all flags.
    """
    # isort: off
    from lasagne_stn._platform.flags import quiet  # prepares Theano
    import theano
    # isort: on

    config = theano.config
    facts: dict[str, Any] = {
        name: getattr(config, name)
        for name in ('cxx', 'openmp', 'floatX', 'compiledir')
    }
    facts['blas'] = config.blas.ldflags
    facts['device'] = config.init_gpu_device or config.device
    facts['active'] = _active_devices(theano)
    facts['known'] = [flag.fullname for flag in theano.configparser._config_var_list]
    with quiet():
        facts['openmp_works'] = bool(
            config.openmp and config.cxx and theano.gof.OpenMPOp.test_gxx_support()
        )
    facts['speeds'], facts['blas_error'] = None, ''
    try:
        facts['speeds'] = blas_speeds(config.floatX)
    except Exception as error:  # from the linker, the compiler or Theano
        facts['blas_error'] = _text(error)
    return facts


def _active_devices(theano):
    """Return the names of active devices and the version of pygpu, or ''."""
    gpuarray = getattr(theano, 'gpuarray', None)
    if not getattr(gpuarray, 'pygpu_activated', False):
        return ''
    contexts = map(gpuarray.type.get_context, gpuarray.type.list_contexts())
    names = ', '.join(context.devname for context in contexts)
    return '%s, pygpu %s' % (names, gpuarray.pygpu.__version__)


def blas_speeds(
    float_type: str, size: int = 1000, repeats: int = 7
) -> tuple[float, float]:
    """Measure the speed of a matrix product in Theano and in numpy.

    Parameters
    ----------
    float_type : {'float32', 'float64'}
        Data type of the matrices.
    size : int, optional
        Number of rows and columns of the matrices.
    repeats : int, optional
        Number of measurements, of which the fastest counts.

    Returns
    -------
    theano, numpy : float
        GFLOP/s: 10^9 floating point operations per second.

    Raises
    ------
    ArithmeticError
        If Theano's result is wrong.
    """
    import numpy as np
    import theano
    import theano.tensor as T

    from lasagne_stn._platform.flags import quiet

    left, right = (
        np.random.RandomState(0).uniform(size=(2, size, size)).astype(float_type)
    )
    x, y = T.matrix(dtype=float_type), T.matrix(dtype=float_type)
    with quiet():
        mode = theano.compile.get_mode('FAST_RUN').excluding('gpuarray')
        product = theano.function([x, y], T.dot(x, y), mode=mode)
        if not np.allclose(product(left, right), np.dot(left, right), rtol=1e-3):
            raise ArithmeticError("Theano's matrix product is wrong")
        times = [
            (_seconds(product, left, right), _seconds(np.dot, left, right))
            for _ in range(repeats)
        ]
    theano_time, numpy_time = (min(column) for column in zip(*times))
    return 2e-9 * size**3 / theano_time, 2e-9 * size**3 / numpy_time


def _seconds(function, *arguments):
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start


if __name__ == '__main__':
    main(json.loads(sys.argv[1]))
