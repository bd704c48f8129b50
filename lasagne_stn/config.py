"""Switches that you can set at any time before a function is compiled.

``fused`` (default True) replaces samplers by fused kernels; results stay the same.
``fused_convolution`` (default True) replaces convolutions, and relu and max-pooling
behind them, by fused kernels where these are faster than Theano's own; it also replaces
mean-pooling.
``fast_path`` (default True) lets kernels use AVX-512 if the processor has it.
Functions that are already compiled do not change.

>>> import lasagne_stn
>>> lasagne_stn.config.fused = False         # to inspect or time the explicit graph
>>> lasagne_stn.config.fused = True
"""

from __future__ import annotations

__all__ = ['fused', 'fused_convolution', 'fast_path']

fused: bool = True
fused_convolution: bool = True
fast_path: bool = True
