"""Fused kernels and the graph rewrites that use them; importing registers these."""

from . import convolution, sampling

__all__ = ['convolution', 'sampling']
