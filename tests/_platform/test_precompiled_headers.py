"""Precompiled headers: GCC uses them, and compiling works without them."""

import os
import subprocess
import sys

import pytest
import theano
from theano.gof.cmodule import GCC_compiler, std_include_dirs

from lasagne_stn._platform import precompiled_headers as headers
from lasagne_stn._platform import toolchain

FLAGS = ('-O3', '-fno-math-errno', '-Wno-unused-label', '-fPIC')
needs_compiler = pytest.mark.skipif(
    not toolchain.find_compiler(), reason='needs a C++ compiler'
)


@pytest.fixture
def folders(monkeypatch, tmp_path):
    """Headers stored in a temporary folder whose path contains spaces."""
    monkeypatch.setattr(
        headers, '_folder', lambda flags: str(tmp_path / ' '.join(('made', *flags)))
    )
    return headers.Headers()


@needs_compiler
@pytest.mark.parametrize('more', [(), ('-fopenmp',), ('-O1', '-DNAME=7')])
def test_the_second_file_with_the_same_flags_uses_them(folders, tmp_path, more):
    given = FLAGS + more
    assert folders.extra_flags(given) == []
    added = folders.extra_flags(given)
    assert added[:2] == ['-g0', '-include']
    source = tmp_path / 'code.cpp'
    source.write_text(headers.START + 'int seven() { return PyLong_AsLong(NULL); }\n')
    include = ['-I' + folder for folder in std_include_dirs() if folder]
    command = [
        theano.config.cxx,
        '-shared',
        '-g',
        *given,
        *include,
        '-fvisibility=hidden',
        '-o',
        str(tmp_path / 'code.so'),
        str(source),
    ]
    opened = [
        subprocess.run(
            command + list(flags) + ['-H'],
            check=True,
            stderr=subprocess.PIPE,
            text=True,
        ).stderr
        for flags in ((), added)
    ]
    # GCC lists the headers it opens, with "!" before each precompiled one it uses.
    used = [
        [line for line in text.splitlines() if line.startswith('!')] for text in opened
    ]
    assert used == [[], ['! %s.gch' % added[2]]]
    # Some Pythons have a pyconfig.h that includes another one.
    assert 'pyconfig.h' in opened[0] and 'pyconfig.h' not in opened[1]


@needs_compiler
def test_the_first_file_of_the_next_process_uses_existing_headers(folders):
    folders.extra_flags(FLAGS)
    added = folders.extra_flags(FLAGS)
    assert headers.Headers().extra_flags(FLAGS) == added
    # Warning flags do not change a header, but a macro may.
    assert headers.Headers().extra_flags(FLAGS + ('-Wno-write-strings',)) == added
    assert headers.Headers().extra_flags(FLAGS + ('-DNAME',)) == []


def test_debug_builds_do_not_use_them(folders):
    assert [folders.extra_flags(FLAGS + ('-g3',)) for _ in range(3)] == [[], [], []]


def test_repr_counts_the_sets_of_flags(folders):
    folders.extra_flags(FLAGS)
    assert repr(folders) == 'Headers(1 sets of flags)'


@needs_compiler
def test_an_emptied_cache_is_handled(folders):
    folders.extra_flags(FLAGS)
    os.remove(folders.extra_flags(FLAGS)[2] + '.gch')
    assert folders.extra_flags(FLAGS) == []


@pytest.mark.parametrize(
    'script',
    [
        '#!/bin/sh\nexit 1\n',  # a compiler that always fails
        # a compiler that creates the header but does not accept it
        '#!/bin/sh\ncase "$*" in *invalid-pch*) exit 1;; *) exec g++ "$@";; esac\n',
        '#!/bin/sh\ncase "$1" in --version) echo llvm;; *) exec g++ "$@";; esac\n',
    ],
)
def test_a_compiler_that_rejects_them_gets_none(folders, monkeypatch, tmp_path, script):
    compiler = tmp_path / 'compiler'
    compiler.write_text(script)
    compiler.chmod(0o755)
    monkeypatch.setattr(theano.gof.cmodule.gcc_llvm, 'is_llvm', None)
    with theano.change_flags(cxx=str(compiler)):
        assert [folders.extra_flags(FLAGS) for _ in range(3)] == [[], [], []]
    assert not list(tmp_path.glob('made*/*.gch'))


def test_a_read_only_folder_is_handled(folders, monkeypatch, tmp_path):
    (tmp_path / 'file').write_text('')
    inside = str(tmp_path / 'file' / 'new')
    monkeypatch.setattr(headers, '_folder', lambda flags: inside)
    assert [folders.extra_flags(FLAGS) for _ in range(3)] == [[], [], []]


def test_other_files_and_options_are_passed_on_unchanged(folders, monkeypatch):
    calls = []
    compile_str = folders.wrap(lambda *args, **named: calls.append((args, named)))
    monkeypatch.setattr(folders, 'extra_flags', lambda given: ['-added'])
    compile_str('name', 'int x;', location='here', preargs=['-O3'])
    compile_str('name', headers.START, 'here', hide_symbols=False)
    compile_str('name', headers.START + '...', location='here', preargs=['-O3'])
    compile_str('name', headers.START + '...', location='here', libs=['m'])
    nothing = (None, None, None)
    assert calls == [
        (('name', 'int x;', 'here', *nothing, ['-O3']), {}),
        (('name', headers.START, 'here', *nothing, None), {'hide_symbols': False}),
        (('name', headers.START + '...', 'here', *nothing, ['-O3', '-added']), {}),
        (('name', headers.START + '...', 'here', None, None, ['m'], ['-added']), {}),
    ]


@needs_compiler
def test_theano_compiles_correct_functions_with_them(environment, tmp_path):
    environment = dict(environment, THEANO_FLAGS='base_compiledir=%s' % tmp_path)
    code = (
        'import lasagne_stn, theano, theano.tensor as T; x = T.dvector();'
        'f = theano.function([x], [T.exp(x) - 3, T.sort(x), x.sum(), x[::-1] * 2]);'
        'print([out.tolist() for out in f([0., 0.])])'
    )
    done = subprocess.run(
        [sys.executable, '-W', 'error', '-c', code],
        check=True,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.stdout == '[[-2.0, -2.0], [0.0, 0.0], 0.0, [0.0, 0.0]]\n'
    created = list(tmp_path.glob('*/lasagne_stn_headers/*'))
    assert created
    for folder in created:
        assert sorted(os.listdir(str(folder))) == ['theano.h', 'theano.h.gch']


def test_theano_is_patched_once():
    before = GCC_compiler.compile_str
    headers.precompile()
    assert GCC_compiler.compile_str is before
