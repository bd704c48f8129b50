// Spatial transformer sampling on the CPU: the entrance.
//
//   stn::sample(images, where, output, geometry)
//   stn::sample_gradient(images, where, grad_output, grad_images, grad_where, geometry)
//
// All arrays are C-contiguous: images and their gradient (batch, channels, [depth,]
// rows, columns), output and its gradient likewise; `where` and its gradient are theta
// (batch, dims * (dims + 1)) or source points (batch, [depth,] rows, columns, dims), or
// planar (batch, dims, [depth,] rows, columns).
// Either gradient may be NULL; it is then not computed. Both functions return a Status.
//
// They compile every dimension and border mode. Whoever knows these in advance calls
//   stn::Sampler<T, dims, affine, border>::sample(...)
//   stn::Sampler<T, dims, affine, border>::gradient<with_images, with_where>(...)
// and only that one case is compiled.
#ifndef STN_SAMPLER_H
#define STN_SAMPLER_H

#include "avx512/path.h"
#include "portable/forward.h"
#include "portable/image_gradient.h"
#include "portable/coords_gradient.h"

namespace stn {

// Nothing to read: the caller refuses such images, here nothing is touched.
inline bool is_void(const Geometry& geometry) { return geometry.in_pixels() == 0; }

// Offsets within one image are of type int.
inline bool is_too_large(const Geometry& geometry) {
  const double largest = std::numeric_limits<int>::max() / 2;
  double in_pixels = 1, out_pixels = 1;
  for (int axis = 0; axis < geometry.dims; ++axis) {
    in_pixels *= static_cast<double>(geometry.in[axis]);
    out_pixels *= static_cast<double>(geometry.out[axis]);
  }
  return in_pixels > largest || out_pixels > largest;
}

template <typename T, int dims, bool affine, Border border>
struct Sampler {
  static int sample(const T* images, const T* where, T* output,
                    const Geometry& geometry) {
    if (is_too_large(geometry)) return STATUS_TOO_LARGE;
    if (is_void(geometry)) return STATUS_FINE;
    if (!FastPath<T, dims, affine, border>::sample(images, where, output, geometry))
      sample_portable<T, dims, affine, border>(images, where, output, geometry);
    return STATUS_FINE;
  }

  // One of the two, or both: grad_images and grad_where as `with_images` and
  // `with_where` say.
  template <bool with_images, bool with_where>
  static int gradient(const T* images, const T* where, const T* grad_output,
                      T* grad_images, T* grad_where, const Geometry& geometry) {
    if (is_too_large(geometry)) return STATUS_TOO_LARGE;
    if (is_void(geometry)) return STATUS_FINE;
    int status = STATUS_FINE;
    typedef FastPath<T, dims, affine, border> Fast;
    if (Fast::template gradient<with_images, with_where>(
            images, where, grad_output, grad_images, grad_where, geometry, &status))
      return status;
    if (with_images)
      image_gradient<T, dims, affine, border>(where, grad_output, grad_images,
                                              geometry);
    if (!with_where) return STATUS_FINE;
    return WhereGradient<T, dims, affine, border>::compute(images, where, grad_output,
                                                           grad_where, geometry);
  }
};

// Calls Action::run<dims, affine, border>(...), with the geometry's own.
template <typename Action, int dims, bool affine>
int with_border(const Action& action, const Geometry& geometry) {
  switch (geometry.border) {
    case BORDER_MIRROR: return action.template run<dims, affine, BORDER_MIRROR>();
    case BORDER_WRAP: return action.template run<dims, affine, BORDER_WRAP>();
    case BORDER_REFLECT: return action.template run<dims, affine, BORDER_REFLECT>();
    case BORDER_CONSTANT: return action.template run<dims, affine, BORDER_CONSTANT>();
    default: return action.template run<dims, affine, BORDER_NEAREST>();
  }
}

template <typename Action>
int with_case(const Action& action, const Geometry& geometry) {
  if (geometry.dims == 2)
    return geometry.affine ? with_border<Action, 2, true>(action, geometry)
                           : with_border<Action, 2, false>(action, geometry);
  return geometry.affine ? with_border<Action, 3, true>(action, geometry)
                         : with_border<Action, 3, false>(action, geometry);
}

template <typename T>
struct SampleAction {
  const T *images, *where;
  T* output;
  const Geometry& geometry;

  template <int dims, bool affine, Border border>
  int run() const {
    return Sampler<T, dims, affine, border>::sample(images, where, output, geometry);
  }
};

template <typename T>
int sample(const T* images, const T* where, T* output, const Geometry& geometry) {
  const SampleAction<T> action = {images, where, output, geometry};
  return with_case(action, geometry);
}

template <typename T>
struct GradientAction {
  const T *images, *where, *grad_output;
  T *grad_images, *grad_where;
  const Geometry& geometry;

  template <int dims, bool affine, Border border>
  int run() const {
    typedef Sampler<T, dims, affine, border> Case;
    if (grad_images && grad_where)
      return Case::template gradient<true, true>(images, where, grad_output,
                                                 grad_images, grad_where, geometry);
    if (grad_images)
      return Case::template gradient<true, false>(images, where, grad_output,
                                                  grad_images, grad_where, geometry);
    if (grad_where)
      return Case::template gradient<false, true>(images, where, grad_output,
                                                  grad_images, grad_where, geometry);
    return STATUS_FINE;
  }
};

template <typename T>
int sample_gradient(const T* images, const T* where, const T* grad_output,
                    T* grad_images, T* grad_where, const Geometry& geometry) {
  const GradientAction<T> action = {images,      where,      grad_output,
                                    grad_images, grad_where, geometry};
  return with_case(action, geometry);
}

}  // namespace stn

#endif  // STN_SAMPLER_H
