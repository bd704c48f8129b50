"""Checks the OpenCL or CUDA device and the software that it needs."""

from __future__ import annotations

import ctypes
import os
import sys
import sysconfig
from importlib.machinery import PathFinder
from importlib.util import find_spec
from typing import Callable, Mapping

from .lines import Line

__all__ = ['device_line', 'missing_parts']

DEBIAN_PYGPU = '/usr/lib/python3/dist-packages/pygpu'
KINDS = {'opencl': ('OpenCL', 'opencl0:0'), 'cuda': ('CUDA', 'cuda0')}


def device_line(
    device: str, find_missing: Callable[[str], Mapping[str, str]], active: str = ''
) -> Line:
    """Check the OpenCL or CUDA device.

    Parameters
    ----------
    device : str
        Theano's flag ``device``, such as ``'opencl0:0'`` or ``'cpu'``.
    find_missing : callable
        Finds what a kind of device lacks, like :func:`missing_parts`.
    active : str, optional
        Names of the devices that Theano uses, and the version of pygpu.

    Returns
    -------
    Line

    Examples
    --------
    >>> device_line('cpu', lambda kind: {'pygpu': 'install it'})
    Line(name='device', state='ok', found='CPU, which is sufficient. To use an OpenCL
    device, install pygpu:', remedy='install it')
    """
    requested = device != 'cpu'
    if requested:
        kind = device.rstrip('0123456789:')
    else:
        kind = 'cuda' if _loads('libcuda.so') else 'opencl'
    missing = find_missing(kind)
    missing_names = ', '.join(missing)
    remedy = '\n'.join(missing.values())
    if not requested:
        name, flag = KINDS[kind]
        install = ', install %s:' % missing_names if missing else ':'
        return Line(
            'device',
            'ok',
            'CPU, which is sufficient. To use %s %s device%s'
            % ('a' if kind == 'cuda' else 'an', name, install),
            remedy or 'export THEANO_FLAGS=device=%s,floatX=float32' % flag,
        )
    if not active:
        reason = 'missing: ' + missing_names if missing else 'the device does not start'
        return Line(
            'device',
            'degraded',
            'the CPU is used instead of %s; %s' % (device, reason),
            remedy,
        )
    found = '%s: %s' % (device, active)
    if missing:
        return Line(
            'device', 'broken', '%s; missing: %s' % (found, missing_names), remedy
        )
    return Line('device', 'ok', found)


def missing_parts(kind: str) -> dict[str, str]:
    """Return the software that a device needs and this machine does not have.

    Parameters
    ----------
    kind : {'opencl', 'cuda'}
        Kind of device.

    Returns
    -------
    dict
        Maps the name of each missing part to a command or instruction to install it.
    """
    needed = [
        ('pygpu', _has_pygpu(), _pygpu_remedy()),
        ('Mako', find_spec('mako'), 'pip install "mako>=1.1"'),
        ('libgpuarray', _loads('libgpuarray.so'), 'apt-get install libgpuarray-dev'),
    ]
    # libgpuarray loads these by their names without a version number.
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
                "install NVIDIA's CUDA toolkit and add the folder of %s to "
                'LD_LIBRARY_PATH' % name,
            )
            for name in ('libnvrtc.so', 'libcublas.so')
        ]
    return {name: remedy for name, exists, remedy in needed if not exists}


def _has_pygpu():
    """Return whether a pygpu built for this version of Python is installed."""
    package = find_spec('pygpu')
    return package and PathFinder.find_spec(
        'pygpu.gpuarray', package.submodule_search_locations
    )


def _pygpu_remedy():
    if sys.version_info[:2] != (3, 11):
        return "python3.11 -m venv .venv (Debian's pygpu is built for Python 3.11)"
    link = 'ln -s %s %s' % (DEBIAN_PYGPU, sysconfig.get_paths()['purelib'])
    if os.path.isdir(DEBIAN_PYGPU):
        return link
    return 'apt-get install python3-pygpu && ' + link


def _has_opencl_driver():
    folder = os.environ.get('OCL_ICD_VENDORS', '/etc/OpenCL/vendors')
    return os.path.isdir(folder) and bool(os.listdir(folder))


def _loads(library):
    """Return whether a shared library and its dependencies can be loaded."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
