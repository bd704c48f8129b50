// Between Theano's arrays on a device and the kernels: shapes, launches, errors.
#ifndef STN_GPU_ARRAYS_H
#define STN_GPU_ARRAYS_H

#include <gpuarray/buffer.h>
#include <gpuarray/kernel.h>

#include <algorithm>

#include "gpuarray_helper.h"
#include "shapes.h"

namespace stn {

// ---- shapes

// What is sampled, from the inputs; on false a Python error is set.
inline bool read_geometry(Geometry* geometry, const char* name,
                          PyGpuArrayObject* images, PyGpuArrayObject* coords,
                          PyArrayObject* size, bool affine, double border_value,
                          bool align_corners) {
  geometry->affine = affine;
  geometry->border_value = border_value;
  geometry->align_corners = align_corners;
  if (!read_shapes<2>(geometry, name, PyGpuArray_DIMS(images), PyGpuArray_DIMS(coords),
                      size))
    return false;
  const ptrdiff_t most = ptrdiff_t(1) << 30;  // kernels count pixels with an int
  if (geometry->in[0] > most / geometry->in[1] ||
      (geometry->out[1] > 0 && geometry->out[0] > most / geometry->out[1]) ||
      geometry->batch > most || geometry->channels > most)
    return too_large(name);
  return true;
}

// Keeps an output of the last call if it fits, else makes a new one.
inline bool prepare_output(PyGpuArrayObject** output, int axes, const size_t* shape,
                           int type, PyGpuContextObject* context) {
  if (*output && !GpuArray_IS_C_CONTIGUOUS(&(*output)->ga)) Py_CLEAR(*output);
  return theano_prep_output(output, axes, shape, type, GA_C_ORDER, context) == 0;
}

// ---- launches

// The arguments that all kernels begin with.
template <typename T>
struct GpuAxis {
  npy_int32 size;
  T half_extent, per_column_high, per_column_low, per_row_high, per_row_low;

  GpuAxis(const Geometry& geometry, int axis)
      : size(static_cast<npy_int32>(geometry.in_size(axis))) {
    const double exact = geometry.half_extent(geometry.in_size(axis));
    const double column = AffineMap<2>::per_output_half_extent(exact, geometry, 0);
    const double row = AffineMap<2>::per_output_half_extent(exact, geometry, 1);
    half_extent = static_cast<T>(exact);
    per_column_high = static_cast<T>(column);
    per_column_low = static_cast<T>(column - per_column_high);
    per_row_high = static_cast<T>(row);
    per_row_low = static_cast<T>(row - per_row_high);
  }
};

#define STN_GPU_AXIS(axis)                                                        \
  (axis).size, (axis).half_extent, (axis).per_column_high, (axis).per_column_low, \
      (axis).per_row_high, (axis).per_row_low
#define STN_GPU_GEOMETRY(geometry, x, y)                          \
  npy_int32((geometry).batch), npy_int32((geometry).channels),    \
      npy_int32((geometry).out[1]), npy_int32((geometry).out[0]), \
      (geometry).border_value, STN_GPU_AXIS(x), STN_GPU_AXIS(y)
#define STN_GPU_ARRAY(array) (array).data, (array).offset

const size_t MOST_GROUPS = 65535;  // along y and z, on CUDA

// Work items for a plane of pixels, for the images, and for shares of their channels.
struct Launch {
  size_t groups[3], items[3];

  // With a work item for each pixel, or fewer if these keep the device busy: each then
  // takes several. With as many shares of the channels, up to `most_shares`, as it
  // takes to keep it busy.
  Launch(GpuKernel* kernel, const Geometry& geometry, size_t pixels, size_t most_shares,
         size_t most_items = 128) {
    const size_t batch = geometry.batch;
    items[0] = group_size(kernel, most_items);
    items[1] = items[2] = 1;
    groups[0] = shares(kernel, items[0] * batch, (pixels + items[0] - 1) / items[0]);
    groups[1] = std::min(batch, MOST_GROUPS);
    groups[2] = std::min(shares(kernel, pixels * batch, most_shares), MOST_GROUPS);
  }

  // How often so many work items are needed to keep the device busy; from 1 to `most`.
  static size_t shares(GpuKernel* kernel, size_t work_items, size_t most) {
    unsigned int processors = 1;
    gpucontext_property(gpukernel_context(kernel->k), GA_CTX_PROP_NUMPROCS,
                        &processors);
    const size_t busy = 2048 * static_cast<size_t>(processors);
    const size_t times = (busy + work_items - 1) / std::max<size_t>(1, work_items);
    return std::max<size_t>(1, std::min(times, most));
  }

  // A power of two that the device allows.
  static size_t group_size(GpuKernel* kernel, size_t most) {
    size_t allowed = 1, items = 1;
    gpukernel_property(kernel->k, GA_KERNEL_PROP_MAXLSIZE, &allowed);
    while (2 * items <= std::min(allowed, most)) items *= 2;
    return items;
  }
};

// A buffer that lives until the kernels that use it are done.
class Scratch {
 public:
  Scratch() : made_(false) {}
  ~Scratch() {
    if (made_) GpuArray_clear(&array);
  }
  int make(PyGpuContextObject* context, int type, size_t size) {
    const int status = GpuArray_empty(&array, context->ctx, type, 1, &size, GA_C_ORDER);
    made_ = status == GA_NO_ERROR;
    return status;
  }
  GpuArray array;

 private:
  Scratch(const Scratch&);
  void operator=(const Scratch&);
  bool made_;
};

// From libgpuarray's status to what Theano expects: 0, or 1 with an error set.
inline int report(const char* name, int status, PyGpuContextObject* context) {
  if (status != GA_NO_ERROR)
    PyErr_Format(PyExc_RuntimeError, "%s: %s", name,
                 gpucontext_error(context->ctx, status));
  return status != GA_NO_ERROR;
}

}  // namespace stn

#endif  // STN_GPU_ARRAYS_H
