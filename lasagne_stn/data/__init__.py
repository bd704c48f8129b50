"""Images to train on: numpy arrays, read from disk or from a library, and distorted."""
from .digits import load_digits
from .distort import distort_rts, warp_images
from .mnist import load_mnist

__all__ = ['load_digits', 'load_mnist', 'distort_rts', 'warp_images']
