"""The table that says which samplers have a kernel; nothing else decides this.

Each device has a list of implementations, the most specialised first. A sampler is
computed by the first one that supports its kind and dtype; the last one, the explicit
graph, supports everything.

>>> from lasagne_stn.sampling.markers import SamplerKind
>>> kind = SamplerKind(3, True, 'wrap', 0.0, True)
>>> implementation_of('cpu', kind, 'float64').name
'portable'
>>> implementation_of('gpuarray', kind, 'float64').fused
False
"""

from __future__ import annotations

from typing import NamedTuple

from ...sampling.markers import SamplerKind

__all__ = ['Implementation', 'IMPLEMENTATIONS', 'implementation_of']

FLOATS = ('float32', 'float64')


class Implementation(NamedTuple):
    """A way to compute a sampler, and what it supports; None supports everything.

    Attributes
    ----------
    name : str
    fused : bool
        Whether a fused op replaces the explicit graph.
    interpolations, border_modes, dtypes : tuple of str, optional
    dims : tuple of int, optional
        2 for images, 3 for volumes.
    affine : tuple of bool, optional
        True for matrices, False for points.
    note : str, optional
        What else is required or special, for people.
    """

    name: str
    fused: bool = True
    interpolations: tuple[str, ...] | None = ('bilinear',)
    dims: tuple[int, ...] | None = None
    affine: tuple[bool, ...] | None = None
    border_modes: tuple[str, ...] | None = None
    dtypes: tuple[str, ...] | None = FLOATS
    note: str = ''

    def computes(self, kind: SamplerKind) -> bool:
        """Return whether a kind of sampler is supported in some dtype."""
        return all(
            supported is None or value in supported
            for supported, value in (
                (self.interpolations, kind.interpolation),
                (self.dims, kind.dims),
                (self.affine, kind.affine),
                (self.border_modes, kind.border_mode),
            )
        )

    def supports(self, kind: SamplerKind, dtype: str) -> bool:
        """Return whether a kind of sampler is supported in a dtype."""
        return (self.dtypes is None or dtype in self.dtypes) and self.computes(kind)

    def __str__(self) -> str:
        """Return a line for a report.

        >>> print(IMPLEMENTATIONS['cpu'][1])
        portable: bilinear; images, volumes; float32, float64
        """
        dims = [{2: 'images', 3: 'volumes'}[one] for one in self.dims or (2, 3)]
        coords = [{True: 'matrices', False: 'points'}[one] for one in self.affine or ()]
        texts = [
            ', '.join(part)
            for part in (
                self.interpolations or ['every interpolation'],
                dims,
                coords,
                ['border mode ' + mode for mode in self.border_modes or ()],
                self.dtypes or (),
                [self.note] if self.note else (),
            )
            if part
        ]
        return '%s: %s' % (self.name, '; '.join(texts))


EXPLICIT = Implementation(
    'explicit', fused=False, interpolations=None, dims=None, dtypes=None
)
# Whether AVX-512 is used is decided in c_code/avx512/path.h, by the processor, the
# sizes and, for each image, its matrix; both implementations are in one op.
AVX512 = Implementation(
    'avx512',
    dims=(2,),
    border_modes=('nearest',),
    dtypes=('float32',),
    note='processors with AVX-512, images and matrices that suit it',
)
PORTABLE = Implementation('portable')
# The two differ in how they compute the gradient with respect to the images.
GATHERING = Implementation(
    'gathering',
    dims=(2,),
    affine=(True,),
    border_modes=('nearest', 'constant'),
    note='each source pixel gathers its gradient',
)
ROW_OWNING = Implementation(
    'row-owning', dims=(2,), note='one work item adds up each source row of a gradient'
)

IMPLEMENTATIONS = {
    'cpu': (AVX512, PORTABLE, EXPLICIT),
    'gpuarray': (GATHERING, ROW_OWNING, EXPLICIT),
}


def implementation_of(device: str, kind: SamplerKind, dtype: str) -> Implementation:
    """Return the implementation that computes a sampler on a device.

    Parameters
    ----------
    device : {'cpu', 'gpuarray'}
        The host, or a device that Theano's gpuarray uses.
    kind : SamplerKind
        See :mod:`lasagne_stn.sampling.markers`.
    dtype : str
        Of the images.

    Returns
    -------
    Implementation
        The first one in the device's list that supports them.
    """
    return next(one for one in IMPLEMENTATIONS[device] if one.supports(kind, dtype))
