"""The cache keys of C ops: they change with the files that an op is compiled from."""

import os
import shutil

import pytest

from lasagne_stn.kernels.c_op import SHARED, CodeFolder
from lasagne_stn.kernels.convolution.cpu import C_CODE as CONVOLUTION
from lasagne_stn.kernels.convolution.cpu import Convolution
from lasagne_stn.kernels.pooling.cpu import C_CODE as POOLING
from lasagne_stn.kernels.pooling.cpu import MeanPool
from lasagne_stn.kernels.sampling.cpu import FusedSample
from lasagne_stn.kernels.sampling.sampler_op import C_CODE
from lasagne_stn.sampling.markers import SamplerKind

GPU = ('*.h', 'gpu')
CPU = FusedSample.code.parts


def append(path):
    with open(path, 'a') as file:
        file.write('// changed\n')


@pytest.fixture
def folder(tmp_path):
    """A copy of the samplers' C code."""
    copy = tmp_path / 'c_code'
    shutil.copytree(C_CODE, copy)
    return copy


@pytest.mark.parametrize(
    'file, changed',
    [
        ('gpu/common.cluda', {'gpu'}),
        ('gpu/arrays.h', {'gpu'}),
        ('portable/forward.h', {'cpu'}),
        ('avx512/path.h', {'cpu'}),
        ('theano/fused_sample.c', {'cpu'}),
        ('geometry.h', {'cpu', 'gpu'}),
    ],
)
def test_an_edit_changes_the_keys_of_the_ops_compiled_from_it(folder, file, changed):
    def checksums():
        parts = {'cpu': CPU, 'gpu': GPU}
        return {name: CodeFolder(folder, parts[name]).checksum() for name in parts}

    before = checksums()
    assert before == checksums()
    append(folder / file)
    after = checksums()
    assert {name for name in after if after[name] != before[name]} == changed


def test_a_renamed_file_changes_the_key(folder):
    before = CodeFolder(folder, CPU).checksum()
    os.rename(folder / 'portable' / 'taps.h', folder / 'portable' / 'other.h')
    assert CodeFolder(folder, CPU).checksum() != before


@pytest.mark.parametrize(
    'folder, families',
    [
        (C_CODE, (CPU, GPU)),
        (CONVOLUTION, (Convolution.code.parts,)),
        (POOLING, (MeanPool.code.parts,)),
    ],
    ids=['sampling', 'convolution', 'pooling'],
)
def test_every_file_belongs_to_an_op(folder, families):
    files = set()
    for parts in families:
        files.update(CodeFolder(folder, parts).files())
    assert files == {
        os.path.join(path, name)
        for path, _, names in os.walk(folder)
        for name in names
        if not name.endswith('.md')
    }


def test_a_part_without_files_is_an_error(folder):
    with pytest.raises(FileNotFoundError, match='no C code in .*c_code.portabel'):
        CodeFolder(str(folder), ['*.h', 'portabel'])


def test_the_key_of_an_op_holds_the_checksum(folder, monkeypatch):
    op = FusedSample(SamplerKind(2, True, 'nearest', 0.0, True))
    before = op.c_code_cache_version()
    assert before[0] == op.code.checksum()
    append(folder / 'gpu' / 'common.cluda')
    monkeypatch.setattr(FusedSample, 'code', CodeFolder(folder, CPU, SHARED))
    assert op.c_code_cache_version() == before
    append(folder / 'portable' / 'taps.h')
    monkeypatch.setattr(FusedSample, 'code', CodeFolder(folder, CPU, SHARED))
    assert op.c_code_cache_version() != before
