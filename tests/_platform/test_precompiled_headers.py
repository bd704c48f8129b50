"""Precompiled headers: that GCC takes them, and that all works where it does not."""

import os
import subprocess
import sys

import pytest
import theano
from theano.gof.cmodule import GCC_compiler, std_include_dirs

from lasagne_stn._platform import precompiled_headers as headers
from lasagne_stn._platform import toolchain

FLAGS = ('-O3', '-fno-math-errno', '-Wno-unused-label', '-fPIC')
needs_compiler = pytest.mark.skipif(not toolchain.find_compiler(), reason='needs g++')


@pytest.fixture
def folders(monkeypatch, tmp_path):
    """Headers below a folder of this test; the path has a space."""
    monkeypatch.setattr(
        headers, '_folder', lambda flags: str(tmp_path / ' '.join(('made', *flags)))
    )
    return headers.Headers()


@needs_compiler
@pytest.mark.parametrize('more', [(), ('-fopenmp',), ('-O1', '-DNAME=7')])
def test_the_second_file_of_some_flags_is_compiled_with_them(folders, tmp_path, more):
    given = FLAGS + more
    assert folders.flags(given) == []
    added = folders.flags(given)
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
    shown = [
        subprocess.run(
            command + list(words) + ['-H'],
            check=True,
            stderr=subprocess.PIPE,
            text=True,
        ).stderr
        for words in ((), added)
    ]
    # GCC's list of what it opened: "!" stands before a precompiled header it took.
    taken = [
        [line for line in text.splitlines() if line.startswith('!')] for text in shown
    ]
    assert taken == [[], ['! %s.gch' % added[2]]]
    assert shown[0].count('pyconfig.h') == 1 and 'pyconfig.h' not in shown[1]


@needs_compiler
def test_headers_that_are_there_serve_the_first_file_of_the_next_process(folders):
    folders.flags(FLAGS)
    added = folders.flags(FLAGS)
    assert headers.Headers().flags(FLAGS) == added
    # Warnings change nothing in a header; a macro may.
    assert headers.Headers().flags(FLAGS + ('-Wno-write-strings',)) == added
    assert headers.Headers().flags(FLAGS + ('-DNAME',)) == []


def test_what_a_user_debugs_stays_as_it_is(folders):
    assert [folders.flags(FLAGS + ('-g3',)) for _ in range(3)] == [[], [], []]


@needs_compiler
def test_an_emptied_cache_is_no_error(folders):
    folders.flags(FLAGS)
    os.remove(folders.flags(FLAGS)[2] + '.gch')
    assert folders.flags(FLAGS) == []


@pytest.mark.parametrize(
    'script',
    [
        '#!/bin/sh\nexit 1\n',  # no compiler at all
        # one that makes the file, and does not take it afterwards
        '#!/bin/sh\ncase "$*" in *invalid-pch*) exit 1;; *) exec g++ "$@";; esac\n',
        '#!/bin/sh\ncase "$1" in --version) echo llvm;; *) exec g++ "$@";; esac\n',
    ],
)
def test_a_compiler_that_refuses_them_gets_none(folders, monkeypatch, tmp_path, script):
    compiler = tmp_path / 'compiler'
    compiler.write_text(script)
    compiler.chmod(0o755)
    monkeypatch.setattr(theano.gof.cmodule.gcc_llvm, 'is_llvm', None)
    with theano.change_flags(cxx=str(compiler)):
        assert [folders.flags(FLAGS) for _ in range(3)] == [[], [], []]
    assert not list(tmp_path.glob('made*/*.gch'))


def test_a_folder_that_cannot_be_written_is_no_error(folders, monkeypatch, tmp_path):
    (tmp_path / 'file').write_text('')
    inside = str(tmp_path / 'file' / 'new')
    monkeypatch.setattr(headers, '_folder', lambda flags: inside)
    assert [folders.flags(FLAGS) for _ in range(3)] == [[], [], []]


def test_other_texts_and_calls_go_through_unchanged(folders, monkeypatch):
    calls = []
    compile_str = folders.shared_by(lambda *args, **named: calls.append((args, named)))
    monkeypatch.setattr(folders, 'flags', lambda given: ['-added'])
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
def test_theano_uses_them_and_its_functions_are_right(environment, tmp_path):
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
    made = list(tmp_path.glob('*/lasagne_stn_headers/*'))
    assert made
    for folder in made:
        assert sorted(os.listdir(str(folder))) == ['theano.h', 'theano.h.gch']


def test_the_mend_is_made_once():
    before = GCC_compiler.compile_str
    headers.precompile()
    assert GCC_compiler.compile_str is before
