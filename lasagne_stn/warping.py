"""Warp numpy arrays: numpy in, numpy out."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Sequence

import numpy as np
import theano
import theano.tensor as T

from . import checks
from .grid import half_extent
from .layers import SamplingGridLayer, TransformerLayer
from .sampling import Kernel, sample, sample_affine
from .transforms import Affine, MatrixTransform, Transform, as_transform

__all__ = ['warp_image', 'warp_images', 'as_images', 'half_extents']

CHUNK = 64  # images per call of the sampler, so they fit into the cache


def warp_image(
    image: np.ndarray,
    theta: Any,
    transform: Transform = Affine(),
    output_size: Sequence[int] | None = None,
    border_mode: str = 'constant',
    interpolation: str | Kernel = 'bilinear',
    align_corners: bool = True,
) -> tuple[np.ndarray, np.ndarray]:
    """Warp an image, and return its source points too.

    Parameters
    ----------
    image : numpy array
        Shape ``(rows, columns)``.
    theta : sequence of float
        ``transform.num_params`` parameters; nested sequences are flattened, so a
        2 x 3 matrix is an affine theta.
    transform : Transform, optional
        What `theta` means.
    output_size : pair of int, optional
        Rows and columns of the output, in pixels; by default those of the image.
    border_mode, interpolation : str, optional
        See :class:`lasagne_stn.TransformerLayer`; zero outside the image by default.
    align_corners : bool, optional
        The pixel rule, see :mod:`lasagne_stn.grid`.

    Returns
    -------
    points : numpy array
        Source points (x, y) in normalised coordinates, float64, shape
        ``(output rows, output columns, 2)``.
    warped : numpy array
        The values read there, float64, shape ``(output rows, output columns)``.

    Raises
    ------
    TypeError, ValueError
        If `image` or `theta` has the wrong shape, or an option is invalid.

    See Also
    --------
    warp_images : warp many images fast, each with its own parameters.

    Examples
    --------
    >>> points, warped = warp_image(np.eye(3), [[.5, 0, .5], [0, .5, .5]])
    >>> points[0, 0], points[2, 2], np.diag(warped)
    (array([0., 0.]), array([1., 1.]), array([1. , 0.5, 1. ]))
    """
    checks.shape('warp_image', 'image', np.shape(image), ('rows', 'columns'))
    as_transform('warp_image', transform)
    theta = np.ravel(theta).astype('float64')
    checks.shape('warp_image', 'theta', theta.shape, (transform.num_params,))
    size = (
        np.shape(image)
        if output_size is None
        else checks.size('warp_image', 'output_size', output_size, ('rows', 'columns'))
    )
    warp = _compiled(
        transform, np.shape(image), size, border_mode, interpolation, align_corners
    )
    points, warped = warp(
        np.asarray(image, 'float64')[np.newaxis, np.newaxis], theta[np.newaxis]
    )
    return points[0], warped[0, 0]


@lru_cache(maxsize=64)
def _compiled(
    transform, image_size, output_size, border_mode, interpolation, align_corners
):
    """Compile a function from images and theta to source points and output.

    It uses no C code, not even to fold constants, and no device: compiling C code would
    take longer than all the calls for a few pictures.
    """
    layer = TransformerLayer(
        (1, 1) + image_size,
        (1, transform.num_params),
        transform=transform,
        output_size=output_size,
        border_mode=border_mode,
        interpolation=interpolation,
        align_corners=align_corners,
    )
    images, theta = T.dtensor4(), T.dmatrix()
    results = [
        one.get_output_for([images, theta]) for one in (SamplingGridLayer(layer), layer)
    ]
    mode = theano.compile.mode.get_mode('FAST_COMPILE').excluding(
        'constant_folding', 'topo_constant_folding', 'gpuarray'
    )
    return theano.function([images, theta], results, mode=mode)


def warp_images(
    images: np.ndarray, transform: Transform, theta: Any, output_size: Sequence[int]
) -> np.ndarray:
    """Warp each image with its own parameters; outside the images is zero.

    Parameters
    ----------
    images : numpy array
        Shape ``(images, rows, columns)``, at least 2 x 2 pixels.
    transform : Transform
        What `theta` means.
    theta : numpy array
        Shape ``(images, transform.num_params)``.
    output_size : pair of int
        Rows and columns of the result, in pixels.

    Returns
    -------
    numpy array
        float32, shape ``(images, output rows, output columns)``; bilinear.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong type or shape.

    See Also
    --------
    warp_image : warp one image and return its source points, for pictures.

    Examples
    --------
    >>> from lasagne_stn import Affine
    >>> warp_images(np.eye(3)[np.newaxis], Affine(), [[0, 0, .5, 0, 0, .5]], (1, 2))
    array([[[0.5, 0.5]]], dtype=float32)
    """
    images = as_images('warp_images', images)
    theta = np.asarray(theta, 'float32')
    output_size = checks.size(
        'warp_images', 'output_size', output_size, ('rows', 'columns')
    )
    warp = _compiled_warp(transform, images.shape[1:], output_size)
    checks.shape(
        'warp_images', 'theta', theta.shape, (len(images), transform.num_params)
    )
    result = np.empty(images.shape[:1] + output_size, 'float32')
    for start in range(0, len(images), CHUNK):
        part = slice(start, start + CHUNK)
        result[part] = warp(images[part, np.newaxis], theta[part])[:, 0]
    return result


@lru_cache(maxsize=32)
def _compiled_warp(transform, image_size, output_size):
    """Compile the sampler, once in a process."""
    images, theta = T.tensor4(dtype='float32'), T.matrix(dtype='float32')
    # With a ring of zeros around each image, the border mode 'nearest', which has the
    # fastest kernels, reads zero outside too.
    shape = [images.shape[0], 1] + [pixels + 2 for pixels in image_size]
    ringed = T.set_subtensor(T.zeros(shape, 'float32')[:, :, 1:-1, 1:-1], images)
    half = half_extents(image_size)
    ratio = (half / (half + 1)).astype('float32')
    if isinstance(transform, MatrixTransform):
        warped = sample_affine(
            ringed, transform.matrix(theta) * ratio[:, np.newaxis], output_size
        )
    else:
        layer = TransformerLayer(
            (None, 1) + image_size,
            (None, transform.num_params),
            transform=transform,
            output_size=output_size,
        )
        warped = sample(ringed, layer.source_points(images, theta) * ratio)
    return theano.function([images, theta], warped)


def half_extents(size: Sequence[int]) -> np.ndarray:
    """Return the half extents of images along x and y, in pixels.

    >>> half_extents((5, 8))
    array([3.5, 2. ])
    """
    return np.array([half_extent(pixels, align_corners=True) for pixels in size[::-1]])


def as_images(owner: object, images: Any) -> np.ndarray:
    """Return images as float32; they must have at least 2 x 2 pixels."""
    images = np.asarray(images, 'float32')
    checks.shape(owner, 'images', images.shape, ('batch', 'rows', 'columns'))
    if min(images.shape[1:]) < 2:
        raise checks.argument_error(
            owner, 'images', 'have at least 2 x 2 pixels', images.shape[1:]
        )
    return images
