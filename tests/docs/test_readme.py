"""README's examples run, and print what it says."""

import os
import re

import pytest

README = os.path.join(os.path.dirname(__file__), os.pardir, os.pardir, 'README.md')


def text():
    with open(README, encoding='utf8') as file:
        return file.read()


def examples():
    """The Python blocks, each with what stands in the block of output after it."""
    pattern = r'```python\n(.*?)```\n(?:\s*```\n(.*?)```)?'
    return re.findall(pattern, text(), flags=re.DOTALL)


@pytest.mark.parametrize('code, printed', examples())
def test_an_example_prints_what_stands_under_it(code, printed, capsys):
    exec(compile(code, 'README.md', 'exec'), {})
    assert capsys.readouterr().out == printed


def test_there_is_an_example():
    assert examples()


def test_what_is_linked_to_is_there():
    links = re.findall(r'(?:\]\(|src=")(?!https?:|#)([^)"]+)', text())
    assert links
    for link in links:
        assert os.path.exists(os.path.join(os.path.dirname(README), link)), link
