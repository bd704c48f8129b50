"""Settings of Sphinx: the pages of ``lasagne_stn/docs`` and the API reference."""

import importlib
from pathlib import Path

import lasagne_stn

project = 'lasagne_stn'
author = 'The lasagne_stn developers'
release = lasagne_stn.__version__

extensions = [
    'myst_parser',
    'numpydoc',
    'sphinx.ext.autodoc',
    'sphinx.ext.autosummary',
    'sphinx.ext.viewcode',
]
templates_path = [str(Path(__file__).parent / 'templates')]
html_theme = 'furo'
html_title = 'lasagne_stn %s' % release
html_show_copyright = False
myst_heading_anchors = 3
# Pages link to files outside this folder; tests/docs checks that these exist.
suppress_warnings = ['myst.xref_missing']
nitpicky = True  # a name that leads nowhere is a warning, and warnings are errors
nitpick_ignore_regex = [
    ('py:.*', r'(abc|theano|lasagne|numpy|matplotlib|click|rich)\..*'),
]

autodoc_typehints = 'none'  # docstrings name the types, with shapes
autodoc_member_order = 'bysource'
autosummary_generate = True
numpydoc_show_class_members = False  # autodoc lists them


def setup(app):
    """Let a name lead to where its object is defined."""
    app.connect('missing-reference', find_definition)


def find_definition(app, environment, node, content):
    """Resolve a public name, such as ``lasagne_stn.Affine``, by importing it."""
    target = node.get('reftarget', '')
    if node.get('refdomain') != 'py' or not target.startswith('lasagne_stn'):
        return None
    module, _, name = target.rpartition('.')
    try:
        found = getattr(importlib.import_module(module), name)
        defined = '%s.%s' % (found.__module__, found.__qualname__)
    except (ImportError, AttributeError, ValueError):
        return None
    if defined == target:
        return None
    domain = environment.get_domain('py')
    return domain.resolve_xref(
        environment, node['refdoc'], app.builder, 'obj', defined, node, content
    )
