"""README and the pages of the documentation: examples run, links lead somewhere."""

import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = [
    ROOT / 'README.md',
    *sorted((ROOT / 'lasagne_stn' / 'docs').glob('*.md')),
    ROOT / 'lasagne_stn' / 'kernels' / 'sampling' / 'c_code' / 'README.md',
    ROOT / '.github' / 'CONTRIBUTING.md',
]
WORDS = 900, 1100  # in README


def examples(page):
    """Python blocks, each with the block of output after it."""
    pattern = r'```python\n(.*?)```\n(?:\s*```\n(.*?)```)?'
    return re.findall(pattern, page.read_text(encoding='utf8'), flags=re.DOTALL)


EXAMPLES = [(page.name, *example) for page in PAGES for example in examples(page)]


@pytest.mark.parametrize(
    'code, printed', [example[1:] for example in EXAMPLES], ids=range(len(EXAMPLES))
)
def test_an_example_prints_its_output(code, printed, environment, tmp_path):
    """In a process of its own, as a reader runs it."""
    done = subprocess.run(
        [sys.executable, '-c', code],
        env=dict(environment, PYTHONPATH=str(ROOT)),
        cwd=str(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.stdout == printed


def test_readme_and_two_pages_have_examples():
    names = [name for name, _, _ in EXAMPLES]
    assert names == ['README.md'] * 2 + ['recurrent.md', 'transforms.md']


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.parent.name + page.name)
def test_links_lead_to_files(page):
    text = re.sub(r'```.*?```', '', page.read_text(encoding='utf8'), flags=re.DOTALL)
    for link in re.findall(r'(?:\]\(|src=")(?!https?:|#)([^)"]+)', text):
        assert (page.parent / link).exists(), link


def test_the_container_runs_the_first_line_of_readme():
    dockerfile = (ROOT / '.github' / 'Dockerfile').read_text(encoding='utf8')
    install = re.search(r'^RUN (python3 .*)$', dockerfile, flags=re.MULTILINE)[1]
    words = re.findall(r'"(.*?)"', dockerfile.partition('\nENTRYPOINT')[2])
    first = re.search(
        r'^python3 .*$', PAGES[0].read_text(encoding='utf8'), re.MULTILINE
    )
    assert install + ' && ' + ' '.join(words) == first[0]


def test_the_index_lists_every_page():
    pages = {page.stem for page in (ROOT / 'lasagne_stn' / 'docs').glob('*.md')}
    index = (ROOT / 'lasagne_stn' / 'docs' / 'index.md').read_text(encoding='utf8')
    listed = re.findall(r'^(\w+)$', index, flags=re.MULTILINE)
    assert set(listed) == pages - {'index'}


def test_readme_has_about_a_thousand_words():
    """Words between spaces, without code, pictures and tables."""
    text = PAGES[0].read_text(encoding='utf8')
    text = re.sub(r'```.*?```', '', text, flags=re.DOTALL)
    text = re.sub(r'!\[[^\]]*\]\([^)]*\)', '', text)
    text = re.sub(r'^\|.*$', '', text, flags=re.MULTILINE)
    low, high = WORDS
    assert low <= len(text.split()) <= high
