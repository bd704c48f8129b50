// The shapes of an op's inputs, on the host or on a device: sizes, and errors.
#ifndef STN_SHAPES_H
#define STN_SHAPES_H

#include <Python.h>
#include <numpy/arrayobject.h>

#include "geometry.h"
#include "shape_text.h"

namespace stn {

inline bool too_large(const char* name) {
  PyErr_Format(PyExc_ValueError, "%s: an image has more than 2^30 pixels", name);
  return false;
}

// Sizes from the shapes of the images and of the coordinates, and from the output's
// size; on false a Python error is set. `Size` is npy_intp for numpy's arrays, size_t
// for those of a device.
template <int dims, class Size>
bool read_shapes(Geometry* geometry, const char* name, const Size* images,
                 const Size* coords, PyArrayObject* size) {
  geometry->dims = dims;
  geometry->batch = images[0];
  geometry->channels = images[1];
  const bool affine = geometry->affine;
  if (PyArray_DIM(size, 0) != dims) {
    PyErr_Format(PyExc_ValueError, "%s: the size must have %d entries, got %zd", name,
                 dims, (Py_ssize_t)PyArray_DIM(size, 0));
    return false;
  }
  bool fits = static_cast<ptrdiff_t>(coords[0]) == geometry->batch;
  for (int axis = 0; axis < dims && fits; ++axis) {
    geometry->in[axis] = images[2 + axis];
    const npy_int64 pixels = *(npy_int64*)PyArray_GETPTR1(size, axis);
    geometry->out[axis] = pixels;
    fits = affine || static_cast<npy_int64>(coords[1 + axis]) == pixels;
    if (geometry->in[axis] == 0) {
      PyErr_Format(PyExc_ValueError, "%s: the images have no pixels", name);
      return false;
    }
    if (pixels < 0) {
      PyErr_Format(PyExc_ValueError,
                   "%s: the output cannot have %lld pixels along an axis", name,
                   static_cast<long long>(pixels));
      return false;
    }
  }
  fits = fits && (affine ? coords[1] == dims && coords[2] == dims + 1
                         : coords[1 + dims] == dims);
  if (!fits && affine)
    PyErr_Format(PyExc_ValueError,
                 "%s: matrices must have the shape (%zd, %d, %d), "
                 "one for each image, got %s",
                 name, (Py_ssize_t)geometry->batch, dims, dims + 1,
                 ShapeText(coords, 3).text());
  else if (!fits)
    PyErr_Format(PyExc_ValueError,
                 "%s: points for a batch of %zd images must have the shape (batch, "
                 "output size, %d), got %s",
                 name, (Py_ssize_t)geometry->batch, dims,
                 ShapeText(coords, 2 + dims).text());
  return fits;
}

// Has a gradient the shape of the output? If not, a Python error is set.
template <int dims, class Size>
bool fits_output(const Geometry& geometry, const char* name, const Size* gradient) {
  bool fits = static_cast<ptrdiff_t>(gradient[0]) == geometry.batch &&
              static_cast<ptrdiff_t>(gradient[1]) == geometry.channels;
  for (int axis = 0; axis < dims; ++axis)
    fits = fits && static_cast<ptrdiff_t>(gradient[2 + axis]) == geometry.out[axis];
  if (!fits)
    PyErr_Format(PyExc_ValueError,
                 "%s: the gradient must have the shape of the output, got %s", name,
                 ShapeText(gradient, 2 + dims).text());
  return fits;
}

}  // namespace stn

#endif  // STN_SHAPES_H
