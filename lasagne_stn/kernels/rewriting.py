"""What all graph rewrites share: whether a device computes, and safe replacements."""

from __future__ import annotations

import sys
from typing import Sequence

import numpy as np
import theano
from theano import Constant, Variable, gof
from theano import tensor as T
from theano.compile import optdb

from .. import config

__all__ = [
    'device_is_active',
    'runs_on_device',
    'integers_of',
    'Rewrite',
    'HostRewrite',
    'HostRewriteDB',
    'replace',
]


class Rewrite(gof.Optimizer):
    """An optimizer that replaces variables; a base class."""

    def add_requirements(self, fgraph: gof.FunctionGraph) -> None:
        """Allow Theano to undo a replacement that fails."""
        fgraph.attach_feature(gof.toolbox.ReplaceValidate())


class HostRewrite(Rewrite):
    """A rewrite that ``config.fused_convolution`` switches; a base class.

    Parameters
    ----------
    enabled : bool, optional
        Whether anything is replaced.
    """

    def __init__(self, enabled: bool = True) -> None:
        super().__init__()
        self.enabled = enabled

    def apply(self, fgraph: gof.FunctionGraph) -> None:
        """Replace what has a kernel, if kernels can be compiled and are wanted."""
        if self.enabled and config.fused_convolution and theano.config.cxx:
            self.replace_nodes(fgraph)

    def replace_nodes(self, fgraph: gof.FunctionGraph) -> None:
        """Replace what has a kernel; a subclass says how."""
        raise NotImplementedError


class HostRewriteDB(gof.DB):
    """Creates a `HostRewrite` for a mode; on a device, nothing is replaced.

    Parameters
    ----------
    rewrite : type
        A subclass of `HostRewrite`.
    """

    def __init__(self, rewrite: type[HostRewrite]) -> None:
        super().__init__()
        self.rewrite = rewrite

    def query(self, *tags, **subqueries):
        """Return the optimizer for a mode, given by its query."""
        return self.rewrite(enabled=not runs_on_device(tags[0]))


def device_is_active() -> bool:
    """Return whether Theano uses a device; only a flag makes it load the backend."""
    backend = sys.modules.get('theano.gpuarray')
    return backend is not None and backend.pygpu_activated


def runs_on_device(query: gof.Query) -> bool:
    """Return whether functions of a mode, given by its query, run on a device.

    With Theano's flag ``device`` they do in every mode, with ``init_gpu_device`` only
    in a mode that includes 'gpuarray'.
    """
    if not device_is_active():
        return False
    mover = optdb['gpuarray_opt']
    return any(mover in optdb.__db__[tag] for tag in query.include) and not any(
        mover in optdb.__db__[tag] for tag in query.exclude
    )


def integers_of(variable: Variable) -> tuple[int, ...] | None:
    """Return the integers of a constant, None if the variable is no constant."""
    if not isinstance(variable, Constant):
        return None
    return tuple(int(number) for number in np.ravel(variable.data))


def replace(
    fgraph: gof.FunctionGraph, pairs: Sequence[tuple[Variable, Variable]], reason: str
) -> None:
    """Replace variables; axes that Theano knows to have length 1 stay known.

    Parameters
    ----------
    fgraph : theano.gof.FunctionGraph
    pairs : sequence of pairs of variables
        What is replaced, and by what.
    reason : str
        Name of the rewrite.
    """
    pairs = [
        (
            old,
            new
            if old.type == new.type
            else T.patternbroadcast(new, old.type.broadcastable),
        )
        for old, new in pairs
    ]
    for old, new in pairs:
        gof.opt.copy_stack_trace(old, new)
    fgraph.replace_all_validate(pairs, reason=reason)
