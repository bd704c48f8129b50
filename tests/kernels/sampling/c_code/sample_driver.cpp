// The sampler with a C interface, for tests and benchmarks through ctypes.
#define STN_SMALL 0  // small cases are shared among the threads too
#include "sampler.h"

namespace {

// sizes: batch, channels, then the source axes and the output axes, slowest first.
stn::Geometry geometry_of(int dims, const long* sizes, int affine, int border,
                          double border_value, int align_corners) {
  stn::Geometry geometry = stn::Geometry();
  geometry.dims = dims;
  geometry.batch = sizes[0];
  geometry.channels = sizes[1];
  for (int axis = 0; axis < dims; ++axis) {
    geometry.in[axis] = sizes[2 + axis];
    geometry.out[axis] = sizes[2 + dims + axis];
  }
  geometry.affine = affine != 0;
  geometry.border = border;
  geometry.border_value = border_value;
  geometry.align_corners = align_corners != 0;
  return geometry;
}

}  // namespace

// For one interpolation and type: sample_NAME and sample_gradient_NAME.
#define DRIVER(Interpolation, T, NAME)                                                \
  extern "C" int sample_##NAME(const T* images, const T* coords, T* output, int dims, \
                               const long* sizes, int affine, int border,             \
                               double border_value, int align_corners) {              \
    return stn::sample<stn::Interpolation>(                                           \
        images, coords, output,                                                       \
        geometry_of(dims, sizes, affine, border, border_value, align_corners));       \
  }                                                                                   \
  extern "C" int sample_gradient_##NAME(                                              \
      const T* images, const T* coords, const T* grad_output, T* grad_images,         \
      T* grad_coords, int dims, const long* sizes, int affine, int border,            \
      double border_value, int align_corners) {                                       \
    return stn::sample_gradient<stn::Interpolation>(                                  \
        images, coords, grad_output, grad_images, grad_coords,                        \
        geometry_of(dims, sizes, affine, border, border_value, align_corners));       \
  }

DRIVER(Bilinear, float, float)
DRIVER(Bilinear, double, double)
DRIVER(Nearest, double, double_nearest)
