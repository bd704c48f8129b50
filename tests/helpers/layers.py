"""Layers with a choice of options, and slow loops for them."""

import numpy as np
import theano
import theano.tensor as T

from helpers import oracle
from lasagne_stn import (
    Affine,
    Attention,
    Compose,
    Kernel,
    Projective,
    Similarity,
    ThinPlateSpline,
    Transformer3DLayer,
    TransformerLayer,
    Translation,
)


def gaussian(distance):
    """A smooth kernel; works on numbers and on Theano variables."""
    return 2.0 ** -(distance * distance)


# Each transform, its loops, and the coordinates they are in.
TRANSFORMS = {
    'Translation': (Translation(), oracle.translation),
    'Attention': (Attention(), oracle.attention),
    'fixed scale': (
        Attention(scale=0.5),
        lambda t, p: oracle.attention(t, p, scale=0.5),
    ),
    'Similarity': (Similarity('isotropic'), oracle.similarity),
    'Affine': (Affine(), oracle.affine),
    'isotropic Affine': (Affine(coordinates='isotropic'), oracle.affine),
    'Projective': (Projective(), oracle.projective),
    'ThinPlateSpline': (ThinPlateSpline(9), oracle.thin_plate_spline),
    'Compose': (
        Compose(Affine(), ThinPlateSpline(4)),
        oracle.compose((oracle.affine, 6), (oracle.thin_plate_spline, 8)),
    ),
    'Translation 3-D': (Translation(3), oracle.translation),
    'Attention 3-D': (Attention(dims=3), oracle.attention),
    'Affine 3-D': (Affine(3), oracle.affine),
}
INTERPOLATIONS = {
    'bilinear': ('bilinear', 'bilinear'),
    'nearest': ('nearest', 'nearest'),
    'bicubic': ('bicubic', 'bicubic'),
    'Gaussian': (Kernel(2, gaussian), (2, lambda x: gaussian(x) if -2 <= x < 2 else 0)),
}


class Setting:
    """A choice of options: the layer, its compiled function, and slow loops."""

    def __init__(self, transform, interpolation, border_mode, corners, dtype, size):
        self.dtype = dtype
        self.transform, slow = TRANSFORMS[transform]
        kernel, self.kernel = INTERPOLATIONS[interpolation]
        self.dims = self.transform.dims
        self.shape = (2, 3, 4, 6)[-self.dims :]
        self.output = (2, 3, 2)[-self.dims :]
        self.options = dict(
            border_mode=border_mode,
            align_corners=corners == 'corners',
            border_value=0.75,
        )
        if 'isotropic' in repr(self.transform):
            slow = oracle.isotropic(slow, self.shape, corners == 'corners')
        self.slow = slow
        how = (
            dict(output_size=self.output)
            if size == 'output_size'
            else dict(downsample_factor=(1, 4 / 3, 3)[-self.dims :])
        )
        if self.dims == 3 and size != 'output_size':
            how['downsample_factor'] = (1.5, 4 / 3, 3)
        known = self.shape if size == 'known' else (None,) * self.dims
        kind = TransformerLayer if self.dims == 2 else Transformer3DLayer
        layer = kind(
            (None, None) + known,
            (None, self.transform.num_params),
            transform=self.transform,
            interpolation=kernel,
            **how,
            **self.options,
        )
        images, theta, cotangent = self.inputs = [
            T.TensorType(dtype, (False,) * ndim)()
            for ndim in (2 + self.dims, 2, 2 + self.dims)
        ]
        output = layer.get_output_for([images, theta])
        self.outputs = [output] + T.grad(
            None, [images, theta], known_grads={output: cotangent}
        )

    def compile(self, mode):
        self.function = theano.function(self.inputs, self.outputs, mode=mode)

    def run(self, *arrays):
        return self.function(*[array.astype(self.dtype) for array in arrays])

    def loops(self, images, theta):
        points = self.slow(
            theta, oracle.target_points(self.output, self.options['align_corners'])
        )
        return oracle.sample(images, points, self.kernel, **self.options)

    def arrays(self, rng, batch):
        """Return images, theta, cotangent; theta in the precision of the float type."""
        theta = self.transform.identity + rng.normal(
            scale=0.2, size=(batch, self.transform.num_params)
        )
        return (
            rng.uniform(size=(batch, 2) + self.shape),
            theta.astype(self.dtype).astype(float),
            rng.normal(size=(batch, 2) + self.output),
        )


def check_bad_parameters(setting, rng, tolerance=0):
    """Check that NaN, infinity and 1e30 only affect their own images."""
    images, theta, cotangent = setting.arrays(rng, 9)
    clean = setting.run(images, theta, cotangent)
    parameter = rng.integers(theta.shape[1], size=9)
    for image, value in enumerate([np.nan, np.inf, -np.inf, 1e30, -1e30], start=1):
        theta[image, parameter[image]] = value
    theta[6], theta[7] = np.inf, -1e30
    found = setting.run(images, theta, cotangent)
    for before, after in zip(clean, found):
        np.testing.assert_allclose(
            before[[0, 8]], after[[0, 8]], rtol=tolerance, atol=tolerance
        )
        assert np.isfinite(after[2:]).all()
    assert np.isnan(found[0][1]).any()
