"""Contenders of the benchmark, for tests: in this process, or with given times."""

import importlib.util

import pytest

from helpers.compiled import FUSED

# Folding constants would compile code, which is slow.
QUICK = FUSED.mode.excluding('constant_folding', 'topo_constant_folding')
needs_torch = pytest.mark.skipif(
    importlib.util.find_spec('torch') is None,
    reason='PyTorch is not installed; pip install torch',
)


def in_process(factory, *args):
    """Create a contender in this process."""
    contender = factory(*args)
    contender.ask = lambda method, *args: getattr(contender, method)(*args)
    contender.close = lambda: None
    return contender


class Fake:
    """A contender with given times and answers.

    Parameters
    ----------
    name : str
    log : list
        Gets the name and the method of each call.
    seconds : list of float
    **answers
        What other methods return; None by default.
    """

    def __init__(self, name, log, seconds, **answers):
        self.name, self.log, self.seconds = name, log, iter(seconds)
        self.answers = answers

    def ask(self, method, *args):
        """Record the call."""
        self.log.append((self.name, method))
        return next(self.seconds) if method == 'time' else self.answers.get(method)

    def close(self):
        """Record the end."""
        self.log.append((self.name, 'close'))
