"""A patch: one text in one module of Theano or Lasagne, and its replacement."""

from __future__ import annotations

from typing import Iterable, NamedTuple

__all__ = ['Patch', 'PatchError', 'apply_patches']


class PatchError(RuntimeError):
    """A module does not have the text that a patch replaces.

    This is not an ImportError, because Theano ignores those of its optional parts.
    """


class Patch(NamedTuple):
    """A text in a module and what replaces it, wherever the module has it.

    A replacement has as many lines as the text, so that tracebacks show the right ones.
    """

    module: str
    old: str
    new: str


def apply_patches(text: str, patches: Iterable[Patch], version: str) -> str:
    """Return the text of a module with all its patches applied, in their order.

    Parameters
    ----------
    text : str
        The module as its authors wrote it.
    patches : iterable of Patch
        What to replace.
    version : str
        Name and version of the package, for the message.

    Raises
    ------
    PatchError
        If the module lacks the text of a patch.

    Examples
    --------
    >>> apply_patches('import numpy.distutils', [
    ...     Patch('theano.gof.cmodule', 'import numpy.distutils', 'import numpy')
    ... ], 'Theano 1.0.9')
    'import numpy'
    """
    for module, old, new in patches:
        if old not in text:
            raise PatchError(
                'lasagne_stn cannot patch %s of %s: the module has no text %r. Its '
                'files may have been changed or mixed with those of another version. '
                'Run: lasagne-stn doctor' % (module, version, old)
            )
        text = text.replace(old, new)
    return text
