"""The kernels under the compiler's sanitizers: no read or write beside an array.

`c_code/memory_check.cpp` runs them on random and nasty cases in buffers of the exact
size. By hand, with all cases (without the argument) and the fast path::

    g++ -std=c++11 -O1 -g -march=native -fopenmp -fsanitize=address,undefined \\
        -I lasagne_stn/kernels/sampling/c_code \\
        tests/kernels/sampling/c_code/memory_check.cpp -o memory_check
    ./memory_check

the same with ``-DSTN_NO_FAST`` for the portable kernels alone, and, because valgrind
knows no AVX-512, ``-march=x86-64-v3`` in place of the sanitizers for
``valgrind --error-exitcode=1 ./memory_check short``.
"""

import pathlib
import subprocess

import lasagne_stn

SOURCE = pathlib.Path(__file__).parent / 'c_code' / 'memory_check.cpp'
HEADERS = pathlib.Path(lasagne_stn.__file__).parent / 'kernels' / 'sampling' / 'c_code'


def test_sanitizers_find_nothing(tmp_path):
    program = tmp_path / 'memory_check'
    subprocess.check_call(
        [
            'g++',
            '-std=c++11',
            '-O0',
            '-march=native',
            '-fopenmp',
            '-fsanitize=address,undefined',
            '-fno-sanitize-recover=undefined',
            '-I',
            str(HEADERS),
            str(SOURCE),
            '-o',
            str(program),
        ]
    )
    finished = subprocess.run(
        [str(program), 'short'],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert finished.returncode == 0, finished.stdout
    assert finished.stdout == 'all fine\n'
