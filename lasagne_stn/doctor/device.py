"""The line on the OpenCL or CUDA device, and what a device needs."""

import ctypes
import os
import sys
import sysconfig
from importlib.machinery import PathFinder
from importlib.util import find_spec

import theano

from .lines import Line

__all__ = ['device_line', 'missing_parts']

DEBIANS_PYGPU = '/usr/lib/python3/dist-packages/pygpu'


def device_line(device, find_missing):
    """The OpenCL or CUDA device.

    Parameters
    ----------
    device : str
        Theano's flag, such as ``'opencl0:0'``, or ``'cpu'``.
    find_missing : callable
        Like :func:`missing_parts`.

    Examples
    --------
    >>> device_line('cpu', lambda kind: {'pygpu': 'install it'})
    Line(name='device', state='ok', found='the CPU, which is enough; another device
    needs pygpu', remedy='install it')
    """
    asked = device != 'cpu'
    kind = (
        device.rstrip('0123456789:')
        if asked
        else ('cuda' if _loads('libcuda.so') else 'opencl')
    )
    missing = find_missing(kind)
    lacks = ', '.join('no ' + name for name in missing)
    remedy = '\n'.join(missing.values())
    if not asked:
        return Line(
            'device',
            'ok',
            'the CPU, which is enough; another device '
            + ('needs ' + ', '.join(missing) if missing else 'can be tried'),
            remedy
            or 'export THEANO_FLAGS=device=%s,floatX=float32'
            % {'cuda': 'cuda0', 'opencl': 'opencl0:0'}[kind],
        )
    if not theano.gpuarray.pygpu_activated:
        return Line(
            'device',
            'degraded',
            '%s was asked for, the CPU is used: %s'
            % (device, lacks or 'it does not start'),
            remedy,
        )
    found = '%s: %s, pygpu %s' % (device, _name(), theano.gpuarray.pygpu.__version__)
    if missing:
        return Line('device', 'broken', '%s; %s' % (found, lacks), remedy)
    return Line('device', 'ok', found)


def _name():
    """What the device that is active calls itself."""
    names = theano.gpuarray.type.list_contexts()
    return ', '.join(theano.gpuarray.type.get_context(name).devname for name in names)


def missing_parts(kind):
    """What a device needs and this machine lacks.

    Parameters
    ----------
    kind : {'opencl', 'cuda'}

    Returns
    -------
    dict
        From the name of each missing part to its remedy.
    """
    needed = [
        ('pygpu', _has_pygpu(), _pygpu_remedy()),
        ('Mako', find_spec('mako'), 'pip install "mako>=1.1"'),
        ('libgpuarray', _loads('libgpuarray.so'), 'apt-get install libgpuarray-dev'),
    ]
    # libgpuarray opens each of these by a name without a number.
    if kind == 'opencl':
        needed += [
            (
                'libOpenCL.so',
                _loads('libOpenCL.so'),
                'apt-get install ocl-icd-opencl-dev',
            ),
            ('OpenCL driver', _has_opencl_driver(), 'apt-get install pocl-opencl-icd'),
            (
                'CLBlast',
                _loads('libclblast.so') or _loads('libclBLAS.so'),
                'apt-get install libclblast-dev',
            ),
        ]
    else:
        needed += [('libcuda.so', _loads('libcuda.so'), "install NVIDIA's driver")]
        needed += [
            (
                name,
                _loads(name),
                "install NVIDIA's CUDA toolkit, with %s in LD_LIBRARY_PATH" % name,
            )
            for name in ('libnvrtc.so', 'libcublas.so')
        ]
    return {name: remedy for name, there, remedy in needed if not there}


def _has_pygpu():
    """Whether there is a pygpu that was built for this Python."""
    package = find_spec('pygpu')
    return package and PathFinder.find_spec(
        'pygpu.gpuarray', package.submodule_search_locations
    )


def _pygpu_remedy():
    if sys.version_info[:2] != (3, 11):
        return "python3.11 -m venv .venv, for Debian's pygpu is built for Python 3.11"
    link = 'ln -s %s %s' % (DEBIANS_PYGPU, sysconfig.get_paths()['purelib'])
    return (
        link
        if os.path.isdir(DEBIANS_PYGPU)
        else ('apt-get install python3-pygpu && ' + link)
    )


def _has_opencl_driver():
    folder = os.environ.get('OCL_ICD_VENDORS', '/etc/OpenCL/vendors')
    return os.path.isdir(folder) and bool(os.listdir(folder))


def _loads(library):
    """Whether a shared library is found, and what it needs itself."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
