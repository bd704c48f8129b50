"""What the notebooks show without being run; README's line for them runs them."""

import base64
import json
import os
import re

import pytest

FOLDER = os.path.join(os.path.dirname(__file__), os.pardir, os.pardir, 'notebooks')
NAMES = sorted(name for name in os.listdir(FOLDER) if name.endswith('.ipynb'))
LARGEST = 500000  # bytes of a notebook
LARGEST_PICTURE = 150000
PLACES = r'/(home|root|tmp|usr|opt|var|Users|work)/|site-packages|[A-Z]:\\'


@pytest.fixture(params=NAMES)
def cells(request):
    """The cells of each notebook in turn."""
    with open(os.path.join(FOLDER, request.param), encoding='utf8') as file:
        return json.load(file)['cells']


def outputs(cells):
    return [output for cell in cells for output in cell.get('outputs', ())]


def texts(output):
    """What an output says, pictures left out."""
    data = dict(output.get('data', {}), stream=output.get('text', ''))
    return [
        ''.join(words) for kind, words in data.items() if not kind.startswith('image/')
    ]


def pictures(cells):
    return [
        base64.b64decode(output['data'][kind])
        for output in outputs(cells)
        for kind in output.get('data', {})
        if kind.startswith('image/')
    ]


def test_notebooks_are_numbered():
    numbers = [int(name.split('_')[0]) for name in NAMES]
    assert numbers == list(range(1, len(NAMES) + 1)) and len(NAMES) >= 7
    assert all(os.path.getsize(os.path.join(FOLDER, name)) < LARGEST for name in NAMES)


def test_cells_were_run_once_from_top_to_bottom(cells):
    code = [cell for cell in cells if cell['cell_type'] == 'code']
    assert [cell['execution_count'] for cell in code] == list(range(1, 1 + len(code)))


def test_outputs_are_stored_and_none_is_an_error_or_a_warning(cells):
    found = outputs(cells)
    assert len(found) > 5
    assert all(
        output['output_type'] != 'error' and output.get('name') != 'stderr'
        for output in found
    )
    assert not any(
        'Warning' in text or re.search(PLACES, text)
        for output in found
        for text in texts(output)
    )


def test_pictures_are_stored_and_small(cells):
    found = pictures(cells)
    assert len(found) >= 2
    assert all(picture.startswith((b'\x89PNG', b'GIF8')) for picture in found)
    assert max(map(len, found)) < LARGEST_PICTURE


def test_each_has_a_title_and_short_cells(cells):
    assert re.match(r'# \d\. ', ''.join(cells[0]['source']))
    for cell in cells:
        assert ''.join(cell['source']).count('\n') < 35


def test_links_lead_somewhere(cells):
    words = ''.join(
        ''.join(cell['source']) for cell in cells if cell['cell_type'] == 'markdown'
    )
    for link in re.findall(r'\]\((?!https?:|#)([^)]+)\)', words):
        assert os.path.exists(os.path.join(FOLDER, link)), link
