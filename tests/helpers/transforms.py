"""Every transform and its slow loops."""

from helpers import oracle
from lasagne_stn import (
    Affine,
    Attention,
    Compose,
    Projective,
    Similarity,
    ThinPlateSpline,
    Translation,
)

SIZE = (3, 5, 8)  # depth, rows, columns of the images


def fixed_attention(theta, points):
    return oracle.attention(theta, points, scale=0.5)


def isotropic(function, dims):
    return oracle.isotropic(function, SIZE[-dims:])


TRANSFORM_CASES = [
    (Translation(), oracle.translation),
    (Translation(3), oracle.translation),
    (Attention(), oracle.attention),
    (Attention(dims=3), oracle.attention),
    (Attention(scale=0.5), fixed_attention),
    (Similarity(), oracle.similarity),
    (Affine(), oracle.affine),
    (Affine(3), oracle.affine),
    (Projective(), oracle.projective),
    (ThinPlateSpline(4), oracle.thin_plate_spline),
    (ThinPlateSpline(9), oracle.thin_plate_spline),
    (ThinPlateSpline(), oracle.thin_plate_spline),
    (Translation(coordinates='isotropic'), isotropic(oracle.translation, 2)),
    (Attention(coordinates='isotropic'), isotropic(oracle.attention, 2)),
    (Similarity('isotropic'), isotropic(oracle.similarity, 2)),
    (Affine(coordinates='isotropic'), isotropic(oracle.affine, 2)),
    (Affine(3, 'isotropic'), isotropic(oracle.affine, 3)),
    (Projective('isotropic'), isotropic(oracle.projective, 2)),
    (ThinPlateSpline(9, 'isotropic'), isotropic(oracle.thin_plate_spline, 2)),
    (
        Compose(Affine(), ThinPlateSpline(4)),
        oracle.compose((oracle.affine, 6), (oracle.thin_plate_spline, 8)),
    ),
    (
        Compose(Projective(), Similarity('isotropic'), Translation()),
        oracle.compose(
            (oracle.projective, 8),
            (isotropic(oracle.similarity, 2), 4),
            (oracle.translation, 2),
        ),
    ),
]
