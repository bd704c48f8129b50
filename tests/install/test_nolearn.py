"""The recipe for nolearn in the documentation: minutes, and the network."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

pytestmark = pytest.mark.install

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / 'lasagne_stn' / 'docs' / 'lasagne.md'


def test_the_recipe_trains_a_network(environment, tmp_path):
    text = PAGE.read_text(encoding='utf8')
    program, printed = re.search(
        r'```py\n(.*?)```\n\n```\n(.*?)```', text, re.S
    ).groups()
    install = re.search(r'pip install (--no-deps nolearn\S+) && ', text)[1].split()
    pip = [sys.executable, '-m', 'pip', 'install', '-q', '--target', str(tmp_path)]
    subprocess.run([*pip, *install, 'tabulate'], check=True)
    done = subprocess.run(
        [sys.executable, '-c', program],
        env=dict(environment, PYTHONPATH=os.pathsep.join([str(ROOT), str(tmp_path)])),
        cwd=str(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.stdout == printed
