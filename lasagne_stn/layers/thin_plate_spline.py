"""The layer that warps images by thin plate splines, as Lasagne declares it."""

from __future__ import annotations

from typing import Sequence

from .. import checks
from ..transforms import ThinPlateSpline
from .transformer import TransformerLayer

__all__ = ['TPSTransformerLayer']


class TPSTransformerLayer(TransformerLayer):
    """Warp each image by a thin plate spline, with the signature of Lasagne's layer.

    Parameters
    ----------
    incoming, localization_network, downsample_factor, border_mode
        See :class:`lasagne_stn.TransformerLayer`; theta has the shape
        ``(batch, 2 * control_points)``.
    control_points : int, optional
        See :class:`lasagne_stn.transforms.thin_plate_spline.ThinPlateSpline`.
    precompute_grid : {'auto', True, False}, optional
        Whether the spline's basis functions are computed once, when the function is
        compiled. True requires a known output size; 'auto' does it if the size is
        known.
    **kwargs
        Other options of :class:`lasagne_stn.TransformerLayer`.

    Raises
    ------
    TypeError, ValueError
        As :class:`lasagne_stn.TransformerLayer`, or if `precompute_grid` is invalid.

    Examples
    --------
    >>> TPSTransformerLayer((None, 1, 42, 42), (None, 32), 2)
    TPSTransformerLayer(ThinPlateSpline(16), 'nearest', output (None, 1, 21, 21))
    """

    preset = ('transform',)

    def __init__(
        self,
        incoming,
        localization_network=None,
        downsample_factor: float | Sequence[float] = 1,
        control_points: int = 16,
        precompute_grid: bool | str = 'auto',
        border_mode: str = 'nearest',
        **kwargs,
    ) -> None:
        self.name = kwargs.get('name')
        if 'transform' in kwargs:
            raise checks.argument_error(
                self,
                'transform',
                'not be given',
                kwargs['transform'],
                'Use TransformerLayer for it.',
                error=TypeError,
            )
        if precompute_grid != 'auto' and not isinstance(precompute_grid, bool):
            raise checks.argument_error(
                self, 'precompute_grid', "be 'auto', True or False", precompute_grid
            )
        super().__init__(
            incoming,
            localization_network,
            downsample_factor,
            border_mode,
            transform=ThinPlateSpline(control_points),
            **kwargs,
        )
        known = None not in self.output_shape[2:]
        if precompute_grid is True and not known:
            raise checks.argument_error(
                self,
                'precompute_grid',
                "be False or 'auto' while the output size is unknown",
                precompute_grid,
            )
        self.precompute_grid = known if precompute_grid == 'auto' else precompute_grid

    def _known_size(self):
        known = super()._known_size()
        if self.precompute_grid or self.output_size:
            return known
        return (None,) * len(known)
