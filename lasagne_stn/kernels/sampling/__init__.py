"""Fused kernels that replace marked samplers; importing registers the rewrite."""

from . import rewrite

__all__ = ['rewrite']

if rewrite.device_is_active():
    from . import gpu

    __all__ += ['gpu']
