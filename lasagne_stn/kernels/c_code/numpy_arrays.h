// Theano's numpy arrays as kernels use them: contiguous inputs, and outputs that are
// kept.
#ifndef STN_NUMPY_ARRAYS_H
#define STN_NUMPY_ARRAYS_H

#include <Python.h>
#include <numpy/arrayobject.h>

#include <new>

#include "buffers.h"

namespace stn {

// An array's data in C order: its own, or a copy that lives as long as this object. Its
// own data too, whatever the order, if `as_it_is`.
class Contiguous {
 public:
  explicit Contiguous(PyArrayObject* array, bool as_it_is = false) : array_(array) {
    if (as_it_is)
      Py_INCREF(array);
    else
      array_ = PyArray_GETCONTIGUOUS(array);
  }
  ~Contiguous() { Py_XDECREF(array_); }
  bool operator!() const { return array_ == NULL; }
  template <typename T>
  const T* data() const {
    return static_cast<const T*>(PyArray_DATA(array_));
  }

 private:
  Contiguous(const Contiguous&);
  Contiguous& operator=(const Contiguous&);
  PyArrayObject* array_;
};

inline size_t bytes_of(int type) {
  switch (type) {
    case NPY_UINT16: return 2;
    case NPY_FLOAT: return 4;
    default: return 8;
  }
}

// Keeps an output of the last call if it fits, else makes a new one.
inline bool prepare_output(PyArrayObject** output, int axes, const npy_intp* shape,
                           int type) {
  if (*output && PyArray_NDIM(*output) == axes && PyArray_IS_C_CONTIGUOUS(*output) &&
      PyArray_CompareLists(PyArray_DIMS(*output), const_cast<npy_intp*>(shape), axes))
    return true;
  Py_XDECREF(*output);
  npy_intp* dims = const_cast<npy_intp*>(shape);
  const size_t bytes =
      static_cast<size_t>(PyArray_MultiplyList(dims, axes)) * bytes_of(type);
  *output = (PyArrayObject*)(bytes < Buffers::LEAST
                                 ? PyArray_SimpleNew(axes, dims, type)
                                 : Buffers::new_array(axes, dims, type, bytes));
  return *output != NULL;
}

// Whether an array has a shape; on false a Python error is set.
inline bool has_shape(const char* name, const char* argument, PyArrayObject* array,
                      const npy_intp* shape) {
  const npy_intp* given = PyArray_DIMS(array);
  if (PyArray_CompareLists(const_cast<npy_intp*>(given), const_cast<npy_intp*>(shape),
                           PyArray_NDIM(array)))
    return true;
  PyErr_Format(
      PyExc_ValueError,
      "%s: %s must have the shape (%zd, %zd, %zd, %zd); got (%zd, %zd, %zd, %zd)", name,
      argument, (Py_ssize_t)shape[0], (Py_ssize_t)shape[1], (Py_ssize_t)shape[2],
      (Py_ssize_t)shape[3], (Py_ssize_t)given[0], (Py_ssize_t)given[1],
      (Py_ssize_t)given[2], (Py_ssize_t)given[3]);
  return false;
}

// Runs a computation; returns what Theano expects, 0, or 1 with an error set.
template <typename Computation>
inline int run(const Computation& computation) {
  try {
    computation();
    return 0;
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
    return 1;
  }
}

}  // namespace stn

#endif  // STN_NUMPY_ARRAYS_H
