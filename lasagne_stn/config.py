"""Switches that a user may turn, at any time before a function is compiled."""

__all__ = ['fused', 'fast_path']

fused = True         # replace samplers by fused kernels; changes speed only
fast_path = True     # compile kernels with AVX-512, where the processor has it
