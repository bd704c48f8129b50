"""Draws images, sampling grids, charts, animations and graphs with matplotlib.

All ``draw_*`` functions draw into axes or figures that the caller gives; `new_figure`
creates a figure without touching matplotlib's global state.
"""

from .animations import grid_animation, save_animation
from .charts import draw_curves, draw_sheet, scale_logarithmically
from .figures import new_figure, save_figure
from .graphs import draw_graph, operations
from .grids import before_after, draw_boxes, draw_grid, draw_image, draw_pair

__all__ = [
    'before_after',
    'draw_boxes',
    'draw_curves',
    'draw_graph',
    'draw_grid',
    'draw_image',
    'draw_pair',
    'draw_sheet',
    'grid_animation',
    'new_figure',
    'operations',
    'save_animation',
    'save_figure',
    'scale_logarithmically',
]
