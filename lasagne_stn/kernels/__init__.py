"""Fused kernels and the graph rewrites that use them; importing registers these."""

from . import convolution, pooling, sampling

__all__ = ['convolution', 'pooling', 'sampling']
