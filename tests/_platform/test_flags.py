"""Theano's flags: the user's and the defaults."""

import os
import warnings

import pytest

from lasagne_stn._platform import flags


@pytest.mark.parametrize(
    'before, inside',
    [(None, 'cxx="",a="b c"'), ('', 'cxx="",a="b c"'), ('a=d', 'cxx="",a="b c",a=d')],
)
def test_flags_precede_the_users_inside_the_block(monkeypatch, before, inside):
    monkeypatch.setenv('THEANO_FLAGS', before or '')
    if before is None:
        monkeypatch.delenv('THEANO_FLAGS')
    with pytest.raises(KeyError), flags.flags_in_front({'cxx': '', 'a': 'b c'}):
        assert os.environ['THEANO_FLAGS'] == inside
        raise KeyError
    assert os.environ.get('THEANO_FLAGS') == before


@pytest.mark.parametrize(
    'given, expected',
    [
        ('', {}),
        ('openmp', {}),
        ('floatX=float32, device=cpu', {'floatX': 'float32', 'device': 'cpu'}),
        (
            'blas.ldflags="-L/a b -Wl,-rpath,/c",cxx=',
            {'blas.ldflags': '-L/a b -Wl,-rpath,/c', 'cxx': ''},
        ),
        ('cxx=a,cxx=b=c', {'cxx': 'b=c'}),
        ('cxx="a', {}),
    ],
)
def test_flags_are_read_from_the_environment(given, expected):
    assert flags.user_flags({'THEANO_FLAGS': given, 'THEANORC': ''}) == expected


def test_flags_in_the_environment_override_those_in_files(tmp_path):
    first, second = tmp_path / 'first', tmp_path / 'second'
    first.write_text('[global]\nfloatX = float32\ncxx = g\nblas.ldflags = unread\n')
    second.write_text('[blas]\nldflags = -lx %Y\n[global]\ncxx = h\n')
    environment = {'THEANORC': os.pathsep.join(map(str, [first, second, tmp_path]))}
    assert flags.user_flags(environment) == {
        'floatx': 'float32',
        'cxx': 'h',
        'blas.ldflags': '-lx %Y',
    }
    environment['THEANO_FLAGS'] = 'cxx=i'
    assert flags.user_flags(environment)['cxx'] == 'i'


@pytest.mark.parametrize('content', [b'[global\n', b'[global]\ncxx = \xff\n'])
def test_an_unreadable_file_is_ignored(content, tmp_path):
    path = tmp_path / 'rc'
    path.write_bytes(content)
    assert flags.user_flags({'THEANORC': str(path)}) == {}


@pytest.mark.parametrize(
    'given, compiler, headers, expected',
    [
        ({}, 'g++', 'Python.h', {'blas.ldflags': 'FLAGS', 'openmp': 'True'}),
        ({}, None, 'Python.h', {'blas.ldflags': '', 'cxx': ''}),
        ({}, 'g++', None, {'blas.ldflags': '', 'cxx': ''}),
        ({'cxx': 'c++'}, None, 'Python.h', {'blas.ldflags': 'FLAGS', 'openmp': 'True'}),
        (
            {},
            '/usr/bin/clang++',
            'Python.h',
            {'blas.ldflags': 'FLAGS', 'cxx': '/usr/bin/clang++', 'openmp': 'False'},
        ),
        ({'cxx': ''}, 'g++', 'Python.h', {'blas.ldflags': '', 'cxx': ''}),
    ],
)
def test_default_flags_suit_the_machine(
    monkeypatch, given, compiler, headers, expected
):
    monkeypatch.setattr(flags, 'find_compiler', lambda: compiler)
    monkeypatch.setattr(flags, 'find_headers', lambda: headers)
    monkeypatch.setattr(flags, 'find_blas', lambda: ('LIBRARY', 'FLAGS'))
    monkeypatch.setattr(flags, 'thread_count', lambda: 2)
    assert flags.default_flags(given) == expected


def test_quiet_silences_all_but_unknown_flags():
    with warnings.catch_warnings(record=True) as seen:
        with flags.quiet():
            warnings.warn('outdated', DeprecationWarning, stacklevel=2)
            warnings.warn("Config key 'openmp' has no value, ignoring it", stacklevel=2)
        assert ['Config key' in str(one.message) for one in seen] == [True]
