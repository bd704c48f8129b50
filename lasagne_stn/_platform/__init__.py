"""Everything done to the process, to Theano or to the compiler, in one call."""

from .startup import prepare

__all__ = ['prepare']
