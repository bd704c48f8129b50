"""The IDX format of MNIST's files, written from its definition."""

import struct


def idx_bytes(array):
    """Return the IDX file of an array of unsigned bytes."""
    header = struct.pack('>BBBB', 0, 0, 8, array.ndim)
    return header + struct.pack('>%dI' % array.ndim, *array.shape) + array.tobytes()
