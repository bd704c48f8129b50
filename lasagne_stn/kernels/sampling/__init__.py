"""Fused kernels that replace marked samplers; importing registers the rewrite."""

from ..rewriting import device_is_active
from . import rewrite

__all__ = ['rewrite']

if device_is_active():
    from . import gpu

    __all__ += ['gpu']
