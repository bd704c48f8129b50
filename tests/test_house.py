"""The floor plan: imports in one direction, public names stored, files short."""

import ast
import os

import pytest

import lasagne_stn

PACKAGE = os.path.dirname(lasagne_stn.__file__)
ROWS = [  # a file imports from the rows above it
    {'config', 'checks', 'files', 'tables'},
    {'_platform'},  # all that changes Theano or the process
    {'grid'},
    {'transforms', 'sampling'},  # siblings: neither imports the other
    {'layers'},
    {'localisation', 'legacy', 'warping'},
    {'kernels'},  # a side room: only __init__ loads it
    {'data'},
    {'viz'},
    {'paper'},
    {'demo', 'doctor', 'gallery', 'bench'},
    {'cli'},
    {'__main__'},
]
LONG, BROAD = 300, 88  # lines, and characters in one
PUBLIC = {
    'config',
    'TransformerLayer',
    'TPSTransformerLayer',
    'Transformer3DLayer',
    'SamplingGridLayer',
    'FlattenVolumeLayer',
    'Transform',
    'Translation',
    'Attention',
    'Similarity',
    'Affine',
    'Projective',
    'ThinPlateSpline',
    'Compose',
    'Kernel',
    'Bicubic',
    'regular_grid',
    'sample',
    'localisation_head',
    'tag_localisation',
    'scale_gradients',
    'grid_penalty',
}


def sources():
    """Every module of the package: its path below it, and its syntax tree."""
    found = []
    for folder, _, files in os.walk(PACKAGE):
        for name in sorted(files):
            if name.endswith('.py'):
                path = os.path.join(folder, name)
                with open(path, encoding='utf8') as file:
                    text = file.read()
                found.append((os.path.relpath(path, PACKAGE), text, ast.parse(text)))
    return found


def imported_parts(path, tree):
    """First part below the package of each import of the package itself."""
    depth = path.count(os.sep)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            if node.level > depth:
                names = [node.module] if node.module else [n.name for n in node.names]
                yield from (name.split('.')[0] for name in names)
            elif node.level == 0 and (node.module or '').startswith('lasagne_stn'):
                yield '.'.join(node.module.split('.')[1:2]) or '__init__'


def row_of(part):
    rows = [number for number, row in enumerate(ROWS) if part in row]
    assert rows, 'the floor plan has no place for %s' % part
    return rows[0]


@pytest.mark.parametrize('path, text, tree', sources(), ids=[s[0] for s in sources()])
def test_imports_go_down_only(path, text, tree):
    part = path.split(os.sep)[0].replace('.py', '')
    if part == '__init__':
        return
    above = {name for name in imported_parts(path, tree) if name != part}
    assert all(row_of(name) < row_of(part) for name in above), above


@pytest.mark.parametrize('path, text, tree', sources(), ids=[s[0] for s in sources()])
def test_files_have_a_docstring_public_names_and_an_end(path, text, tree):
    assert ast.get_docstring(tree)
    assert text.count('\n') <= LONG
    assert max(len(line) for line in text.split('\n')) <= BROAD
    names = [
        node.targets[0].id
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    ]
    assert '__all__' in names or path.endswith('__main__.py')


@pytest.mark.parametrize('path, text, tree', sources(), ids=[s[0] for s in sources()])
def test_public_parts_have_a_docstring(path, text, tree):
    undocumented = [
        node.name
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
        and not node.name.startswith('_')
        and not ast.get_docstring(node)
    ]
    assert undocumented == []


def test_public_names_are_the_stored_ones():
    assert set(lasagne_stn.__all__) == PUBLIC
    assert all(hasattr(lasagne_stn, name) for name in PUBLIC)


def test_an_import_against_the_direction_is_seen():
    tree = ast.parse('from .cli import main\nfrom . import sampling')
    assert set(imported_parts('grid.py', tree)) == {'cli', 'sampling'}
    assert row_of('cli') > row_of('grid')
