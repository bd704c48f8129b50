// Between Theano's numpy arrays and the sampler: shapes, points, errors.
#ifndef STN_THEANO_ARRAYS_H
#define STN_THEANO_ARRAYS_H

#include "numpy_arrays.h"
#include "sampler.h"
#include "shapes.h"

namespace stn {

// Are points (batch, output size, dims) a view of planes (batch, dims, output size)? It
// is what a transform gives, which computes all x in one row.
inline bool is_planar(PyArrayObject* points) {
  const int last = PyArray_NDIM(points) - 1;
  npy_intp stride = PyArray_ITEMSIZE(points);
  for (int k = last; k >= 0; --k) {
    const int axis = k == 0 ? 0 : k == 1 ? last : k - 1;  // the slowest comes last
    if (PyArray_STRIDE(points, axis) != stride) return false;
    stride *= PyArray_DIM(points, axis);
  }
  return true;
}

// The same for the gradient of points.
inline bool prepare_planar(PyArrayObject** output, int axes, const npy_intp* shape,
                           int type) {
  if (*output && PyArray_NDIM(*output) == axes && is_planar(*output) &&
      PyArray_CompareLists(PyArray_DIMS(*output), const_cast<npy_intp*>(shape), axes))
    return true;
  npy_intp planes_shape[NPY_MAXDIMS], order[NPY_MAXDIMS];
  for (int axis = 0; axis < axes; ++axis) {
    const int from = axis == 0 ? 0 : axis == 1 ? axes - 1 : axis - 1;
    planes_shape[axis] = shape[from];
    order[from] = axis;
  }
  PyArrayObject* planes = NULL;
  if (!prepare_output(&planes, axes, planes_shape, type)) return false;
  PyArray_Dims permutation = {order, axes};
  Py_XDECREF(*output);
  *output = (PyArrayObject*)PyArray_Transpose(planes, &permutation);
  Py_DECREF(planes);
  return *output != NULL;
}

// What is sampled, from the inputs; on false a Python error is set.
template <int dims>
bool read_geometry(Geometry* geometry, const char* name, PyArrayObject* images,
                   PyArrayObject* coords, PyArrayObject* size, bool affine, int border,
                   double border_value, bool align_corners) {
  geometry->affine = affine;
  geometry->planar = !affine && is_planar(coords);
  geometry->border = border;
  geometry->border_value = border_value;
  geometry->align_corners = align_corners;
  return read_shapes<dims>(geometry, name, PyArray_DIMS(images), PyArray_DIMS(coords),
                           size);
}

// From a sampler's status to what Theano expects: 0, or 1 with an error set.
inline int report(const char* name, int status) {
  if (status == STATUS_NO_MEMORY)
    PyErr_Format(PyExc_MemoryError, "%s: out of memory", name);
  else if (status == STATUS_TOO_LARGE)
    too_large(name);
  return status != STATUS_FINE;
}

}  // namespace stn

#endif  // STN_THEANO_ARRAYS_H
