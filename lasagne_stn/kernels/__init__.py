"""Fused kernels in the place of marked samplers; importing registers the rewrite."""
import theano

from . import rewrite

__all__ = ['rewrite']

if rewrite.device_is_active():
    from . import gpu                                                    # noqa: F401

    __all__.append('gpu')
