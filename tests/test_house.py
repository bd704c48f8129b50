"""The floor plan: where files are, what they import, and what they may change."""

import ast
import os
import subprocess
import sys
from collections import Counter

import pytest

import lasagne_stn

PACKAGE = os.path.dirname(lasagne_stn.__file__)
TESTS = os.path.dirname(os.path.abspath(__file__))
TOP = ('__init__', 'public')  # import from everywhere
ROWS = [  # a file imports from the rows above it
    {'config', 'checks', 'files', 'tables', '__version__'},
    {'_platform'},  # all that changes Theano or the process
    {'grid'},
    {'transforms', 'sampling'},  # siblings: neither imports the other
    {'layers'},
    {'localisation', 'legacy', 'warping'},
    {'kernels'},  # a side room: only public loads it
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


def sources(root=PACKAGE):
    """Return path, text and syntax tree of every module below a folder."""
    found = []
    for folder, _, files in os.walk(root):
        for name in sorted(files):
            if name.endswith('.py'):
                path = os.path.join(folder, name)
                with open(path, encoding='utf8') as file:
                    text = file.read()
                found.append((os.path.relpath(path, root), text, ast.parse(text)))
    return found


every_module = pytest.mark.parametrize(
    'path, text, tree', sources(), ids=[source[0] for source in sources()]
)


def imported_parts(path, tree):
    """Yield the first part below the package of each import of the package itself."""
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
    assert rows, 'the floor plan does not contain %s' % part
    return rows[0]


@every_module
def test_modules_import_from_rows_above_only(path, text, tree):
    part = path.split(os.sep)[0].replace('.py', '')
    if part in TOP:
        return
    above = {name for name in imported_parts(path, tree) if name != part}
    assert all(row_of(name) < row_of(part) for name in above), above


@every_module
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


@every_module
def test_public_parts_have_a_docstring(path, text, tree):
    undocumented = [
        node.name
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
        and not node.name.startswith('_')
        and not ast.get_docstring(node)
    ]
    assert undocumented == []


def test_public_names_are_those_listed_here():
    assert set(lasagne_stn.__all__) == PUBLIC
    assert all(hasattr(lasagne_stn, name) for name in PUBLIC)


def test_an_import_in_the_wrong_direction_is_found():
    tree = ast.parse('from .cli import main\nfrom . import sampling')
    assert set(imported_parts('grid.py', tree)) == {'cli', 'sampling'}
    assert row_of('cli') > row_of('grid')


# ---- only _platform changes Theano


def theano_names(tree):
    """Return the names under which a module knows parts of Theano."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(
                (alias.asname or alias.name).split('.')[0]
                for alias in node.names
                if alias.name.split('.')[0] == 'theano'
            )
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            of_theano = (node.module or '').split('.')[0] == 'theano'
            names.update(
                alias.asname or alias.name for alias in node.names if of_theano
            )
    return names


def changes_to_theano(tree):
    """Yield what a module assigns to, or sets, in Theano and in its flags."""
    names = theano_names(tree)
    for node in ast.walk(tree):
        targets = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, (ast.AugAssign, ast.AnnAssign)):
            targets = [node.target]
        elif isinstance(node, ast.Call) and getattr(node.func, 'id', '') == 'setattr':
            targets = [ast.Attribute(node.args[0], ast.unparse(node.args[1]))]
        for target in targets:
            base = target
            while isinstance(base, (ast.Attribute, ast.Subscript)):
                base = base.value
            if base is not target and getattr(base, 'id', '') in names:
                yield ast.unparse(target)
            if ast.unparse(target) in ("os.environ['THEANO_FLAGS']", 'os.environ'):
                yield ast.unparse(target)


@pytest.mark.skipif(sys.version_info < (3, 9), reason='ast.unparse')
@every_module
def test_only_platform_sets_flags_or_patches_theano(path, text, tree):
    if path.split(os.sep)[0] == '_platform':
        return
    # A command may choose the floating point type of its own process.
    allowed = {'theano.config.floatX'}
    assert set(changes_to_theano(tree)) <= allowed


@pytest.mark.skipif(sys.version_info < (3, 9), reason='ast.unparse')
@pytest.mark.parametrize(
    'text, change',
    [
        ('import theano\ntheano.config.openmp = True', 'theano.config.openmp'),
        ('from theano.gof.op import OpenMPOp as O\nO.known = 1', 'O.known'),
        ("from theano import config\nsetattr(config, 'cxx', '')", "config.'cxx'"),
        ("import os\nos.environ['THEANO_FLAGS'] = ''", "os.environ['THEANO_FLAGS']"),
    ],
)
def test_a_change_to_theano_is_found(text, change):
    assert list(changes_to_theano(ast.parse(text))) == [change]


# ---- the command line and the doctor work without Theano


THIRD_PARTY = ('theano', 'lasagne', 'numpy', 'scipy', 'setuptools', 'pkg_resources')


def imported_on_loading(path, tree):
    """Yield what a module imports when it is loaded: package files and packages."""
    folder = os.path.dirname(path)
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from (alias.name.split('.')[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or '').split('.')[0]
        elif isinstance(node, ast.ImportFrom):
            base = folder
            for _ in range(node.level - 1):
                base = os.path.dirname(base)
            base = os.path.join(base, *(node.module or '').split('.'))
            yield from (os.path.join(base, alias.name) + '.py' for alias in node.names)
            yield from (base + '.py', os.path.join(base, '__init__.py'))


def reached_from(*paths):
    """Return the names of all packages that loading some files imports."""
    trees = {path: tree for path, _, tree in sources()}
    to_do, seen = list(paths), set()
    while to_do:
        path = to_do.pop()
        if path not in seen:
            seen.add(path)
            if path in trees:
                to_do += imported_on_loading(path, trees[path])
    return seen


def test_the_doctor_imports_no_theano():
    doctor = [path for path, _, _ in sources() if path.startswith('doctor' + os.sep)]
    reached = reached_from('__main__.py', os.path.join('cli', 'doctor.py'), *doctor)
    assert {'click', os.path.join('_platform', 'toolchain.py')} <= reached
    assert not reached & set(THIRD_PARTY)


def test_an_import_of_theano_is_found():
    assert 'theano' in reached_from('grid.py')
    assert 'numpy' in reached_from(os.path.join('cli', 'general.py'))


# ---- names of files, and tests


def test_transforms_and_sampling_do_not_import_each_other():
    for path, _, tree in sources():
        room = path.split(os.sep)[0]
        for one, other in (('transforms', 'sampling'), ('sampling', 'transforms')):
            if room == one:
                assert other not in set(imported_parts(path, tree)), path


def test_file_names_say_what_is_in_them():
    count = Counter(os.path.basename(path) for path, _, _ in sources())
    for name in ('training.py', 'job.py', 'networks.py', 'tables.py'):
        assert count[name] <= 1, name
    assert os.path.exists(os.path.join(PACKAGE, 'tables.py'))


def imported_modules(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ''
            yield from (alias.name for alias in node.names)


TEST_SOURCES = sources(TESTS)


@pytest.mark.parametrize(
    'path, text, tree', TEST_SOURCES, ids=[s[0] for s in TEST_SOURCES]
)
def test_tests_share_code_through_helpers_only(path, text, tree):
    names = {os.path.basename(path)[:-3] for path, _, _ in TEST_SOURCES}
    not_shared = {name for name in names if name.startswith(('test_', 'conftest'))}
    imported = {part for name in imported_modules(tree) for part in name.split('.')}
    assert not imported & not_shared


# ---- a plain import


LAZY = """
import sys
import lasagne_stn

for name in 'matplotlib', 'lasagne_stn.paper', 'lasagne_stn.viz', 'sklearn', 'click':
    assert name not in sys.modules, name
for name in 'warping', 'viz', 'legacy', 'data', 'paper':
    assert name in dir(lasagne_stn), name
assert callable(lasagne_stn.warping.warp_image)
assert lasagne_stn.legacy.TransformerLayer is not lasagne_stn.TransformerLayer
assert callable(lasagne_stn.viz.draw_grid)
assert callable(lasagne_stn.paper.load_run)
try:
    lasagne_stn.nothing
except AttributeError as error:
    print(error)
"""


def test_a_plain_import_reaches_the_other_modules_when_they_are_used(environment):
    done = subprocess.run(
        [sys.executable, '-c', LAZY],
        env=environment,
        cwd=os.path.dirname(PACKAGE),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "module 'lasagne_stn' has no attribute 'nothing'\n"
