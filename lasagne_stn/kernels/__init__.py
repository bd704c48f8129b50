"""Fused kernels and the graph rewrites that use them; importing registers these."""

from . import sampling

__all__ = ['sampling']
