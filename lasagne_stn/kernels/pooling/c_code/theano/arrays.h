// Between Theano's numpy arrays and mean-pooling: sizes and the shape of the output.
#ifndef STN_POOLING_ARRAYS_H
#define STN_POOLING_ARRAYS_H

#include "mean_pool.h"
#include "numpy_arrays.h"

namespace stn {

// How an op's settings cut images, (batch, channels, rows, columns), into windows.
struct Pooling {
  ptrdiff_t planes;
  WindowedAxis rows, columns;
  npy_intp shape[4];  // of the output

  template <typename Params>
  Pooling(PyArrayObject* images, const Params* params)
      : planes(PyArray_DIM(images, 0) * PyArray_DIM(images, 1)),
        rows(PyArray_DIM(images, 2), params->rows, params->whole_windows_only),
        columns(PyArray_DIM(images, 3), params->columns, params->whole_windows_only) {
    shape[0] = PyArray_DIM(images, 0);
    shape[1] = PyArray_DIM(images, 1);
    shape[2] = rows.outputs;
    shape[3] = columns.outputs;
  }
};

}  // namespace stn

#endif  // STN_POOLING_ARRAYS_H
