"""Wheels are checked against their own list of files."""

import base64
import csv
import hashlib
import io
import zipfile


def check_record(path):
    """Every file is in RECORD once, with its hash and size; return the contents."""
    with zipfile.ZipFile(path) as file:
        contents = {name: file.read(name) for name in file.namelist()}
        assert len(contents) == len(file.namelist())
    (record,) = (name for name in contents if name.endswith('.dist-info/RECORD'))
    rows = list(csv.reader(io.StringIO(contents[record].decode())))
    assert sorted(row[0] for row in rows) == sorted(contents)
    for name, digest, size in rows:
        if name == record:
            assert (digest, size) == ('', '')
            continue
        computed = base64.urlsafe_b64encode(hashlib.sha256(contents[name]).digest())
        assert digest == 'sha256=' + computed.decode().rstrip('=')
        assert int(size) == len(contents[name])
    return contents
