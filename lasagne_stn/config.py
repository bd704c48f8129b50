"""Switches that a user may turn, at any time before a function is compiled."""

__all__ = ['fused']

fused = True         # replace samplers by fused kernels; changes speed only
