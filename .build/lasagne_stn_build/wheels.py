"""Wheels: files and a tag added to one that setuptools built."""

import base64
import csv
import hashlib
import io
import os
import re
import zipfile

__all__ = ['add_files', 'folder_files']

SETUPTOOLS_TAG = 'py3-none-any'
DATE = (1980, 1, 1, 0, 0, 0)  # the same files give the same wheel


def folder_files(folder):
    """Return the content of each file directly in `folder`, by name."""
    files = {}
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            with open(path, 'rb') as file:
                files[name] = file.read()
    return files


def add_files(directory, name, files, licences, tag):
    """Add files to the wheel called `name` in `directory` and change its tag.

    Parameters
    ----------
    directory, name : str
        The wheel that setuptools built.
    files : dict
        Path in ``site-packages`` to bytes.
    licences : dict
        Path in the folder ``licenses`` of the metadata to bytes.
    tag : str
        The new tag, which may be a compressed set such as ``cp38.cp39-none-any``.

    Returns
    -------
    str
        The wheel's new name; the file with the old one is gone.
    """
    with zipfile.ZipFile(os.path.join(directory, name)) as wheel:
        entries = [(info, wheel.read(info)) for info in wheel.infolist()]
    (record,) = (
        i.filename for i, _ in entries if i.filename.endswith('.dist-info/RECORD')
    )
    info_folder = os.path.dirname(record)
    edits = {
        info_folder + '/WHEEL': lambda text: _with_tags(text, tag),
        info_folder + '/METADATA': lambda text: _with_licences(text, licences),
    }
    contents = {}
    for info, content in entries:
        if info.filename == record or info.filename.endswith('/'):
            continue
        if info.filename in edits:
            content = edits[info.filename](content.decode()).encode()
        contents[info.filename] = content
    for path, content in files.items():
        if contents.setdefault(path, content) != content:
            raise ValueError('%s is in the wheel twice' % path)
    for path, content in licences.items():
        contents['%s/licenses/%s' % (info_folder, path)] = content
    contents[record] = _record(contents, record)
    _write(os.path.join(directory, name), contents)
    new = name.replace(SETUPTOOLS_TAG, tag)
    os.replace(os.path.join(directory, name), os.path.join(directory, new))
    return new


def _with_tags(text, tag):
    """Replace the tag in the text of WHEEL, which names each tag of a set."""
    pythons, abi, platform = tag.split('-')
    lines = ['Tag: %s-%s-%s' % (p, abi, platform) for p in pythons.split('.')]
    new = re.sub(r'^Tag: %s$' % SETUPTOOLS_TAG, '\n'.join(lines), text, flags=re.M)
    if new == text:
        raise ValueError('setuptools built a wheel without the tag ' + SETUPTOOLS_TAG)
    return new


def _with_licences(text, licences):
    """Name the licences in the header of METADATA, after our own."""
    lines = ''.join('License-File: %s\n' % path for path in sorted(licences))
    return re.sub(
        r'^License-File: .*\n', lambda m: m.group() + lines, text, count=1, flags=re.M
    )


def _record(contents, record):
    """Return the text of RECORD: path, hash and size of each file."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator='\n')
    for path, content in contents.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest())
        rows.writerow([path, 'sha256=' + digest.decode().rstrip('='), len(content)])
    rows.writerow([record, '', ''])
    return text.getvalue().encode()


def _write(path, contents):
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as wheel:
        for name, content in contents.items():
            info = zipfile.ZipInfo(name, DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o100644 << 16
            wheel.writestr(info, content)
