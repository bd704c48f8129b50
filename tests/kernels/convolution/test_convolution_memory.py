"""The kernels under the compiler's sanitizers: no read or write beside an array."""

import pathlib
import subprocess

from helpers.c_convolution import FOLDERS

SOURCE = pathlib.Path(__file__).parent / 'c_code' / 'memory_check.cpp'


def test_sanitizers_find_nothing(tmp_path):
    program = tmp_path / 'memory_check'
    subprocess.check_call(
        ['g++', '-O0', '-march=native', '-fopenmp', '-Wno-psabi']
        + ['-fsanitize=address,undefined', '-fno-sanitize-recover=undefined']
        + ['-I%s' % folder for folder in FOLDERS]
        + [str(SOURCE), '-o', str(program)]
    )
    finished = subprocess.run(
        [str(program)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert (finished.returncode, finished.stdout) == (0, '')
