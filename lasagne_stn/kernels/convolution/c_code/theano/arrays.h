// Between Theano's numpy arrays and the convolution: sizes and errors.
#ifndef STN_CONVOLUTION_ARRAYS_H
#define STN_CONVOLUTION_ARRAYS_H

#include "few_channels.h"
#include "many_channels.h"
#include "numpy_arrays.h"

namespace stn {

// The settings of an op that are passed at run time.
template <typename Params>
inline Problem read_settings(const Params* params) {
  Problem problem = Problem();
  problem.flip = params->flip;
  problem.slope = params->slope;
  problem.rows.before = static_cast<int>(params->top);
  problem.rows.pad = static_cast<int>(params->top + params->bottom);
  problem.columns.before = static_cast<int>(params->left);
  problem.columns.pad = static_cast<int>(params->left + params->right);
  return problem;
}

// Sizes from the images' and the weights' shapes; on false a Python error is set.
inline bool read_sizes(const char* name, PyArrayObject* images, PyArrayObject* weights,
                       int largest_kernel, int pool, bool whole_windows_only,
                       Problem* problem) {
  const npy_intp *image = PyArray_DIMS(images), *filter = PyArray_DIMS(weights);
  problem->batch = image[0];
  problem->channels = static_cast<int>(image[1]);
  problem->filters = static_cast<int>(filter[0]);
  if (filter[1] != image[1]) {
    PyErr_Format(PyExc_ValueError,
                 "%s: weights must have as many channels as the images, %zd; got %zd",
                 name, (Py_ssize_t)image[1], (Py_ssize_t)filter[1]);
    return false;
  }
  Axis* axes[] = {&problem->rows, &problem->columns};
  for (int k = 0; k < 2; ++k) {
    Axis* axis = axes[k];
    axis->image = image[2 + k];
    axis->kernel = static_cast<int>(filter[2 + k]);
    if (axis->kernel < 1 || axis->kernel > largest_kernel) {
      PyErr_Format(PyExc_ValueError, "%s: weights must have 1 to %d %s; got %d", name,
                   largest_kernel, k ? "columns" : "rows", axis->kernel);
      return false;
    }
    axis->set_pool(pool, whole_windows_only);
    if (axis->convolved() < 1) {
      PyErr_Format(
          PyExc_ValueError,
          "%s: padded images must have at least %d %s, as the weights; got %zd", name,
          axis->kernel, k ? "columns" : "rows", (Py_ssize_t)(axis->image + axis->pad));
      return false;
    }
  }
  return true;
}

inline void output_shape(const Problem& problem, npy_intp* shape) {
  shape[0] = problem.batch;
  shape[1] = problem.filters;
  shape[2] = problem.rows.pooled;
  shape[3] = problem.columns.pooled;
}

inline void mask_shape(const Problem& problem, npy_intp* shape) {
  shape[0] = problem.batch;
  shape[1] = problem.rows.pooled;
  shape[2] = problem.columns.pooled;
  shape[3] = problem.mask_filters();
}

}  // namespace stn

#endif  // STN_CONVOLUTION_ARRAYS_H
