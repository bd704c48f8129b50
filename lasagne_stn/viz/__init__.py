"""Pictures of what a transformer does, drawn with matplotlib into given axes."""

from .animations import grid_animation, save_animation
from .charts import draw_curves, draw_sheet, scale_logarithmically
from .figures import new_figure, save_figure
from .grids import before_after, draw_boxes, draw_grid, draw_image, draw_pair

__all__ = [
    'before_after',
    'draw_boxes',
    'draw_curves',
    'draw_grid',
    'draw_image',
    'draw_pair',
    'draw_sheet',
    'grid_animation',
    'new_figure',
    'save_animation',
    'save_figure',
    'scale_logarithmically',
]
