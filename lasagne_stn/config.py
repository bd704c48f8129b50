"""Switches that a user may turn, at any time before a function is compiled.

``fused``, True at first: fused kernels take the place of samplers; what is computed
stays the same. ``fast_path``, True at first: kernels use AVX-512 where the processor
has it. Functions that are compiled already keep what they have.

>>> import lasagne_stn
>>> lasagne_stn.config.fused = False           # to read or to time the explicit graph
>>> lasagne_stn.config.fused = True
"""

__all__ = ['fused', 'fast_path']

fused = True
fast_path = True
