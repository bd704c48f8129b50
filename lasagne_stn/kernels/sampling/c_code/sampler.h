// Spatial transformer sampling on the CPU: the entrance.
//
//   stn::sample(images, coords, output, geometry)
//   stn::sample_gradient(images, coords, grad_output, grad_images, grad_coords,
//   geometry)
//
// All arrays are C-contiguous: images and their gradient (batch, channels, [depth,]
// rows, columns), output and its gradient likewise; `coords` and its gradient are theta
// (batch, dims * (dims + 1)) or source points (batch, [depth,] rows, columns, dims), or
// planar (batch, dims, [depth,] rows, columns).
// Either gradient may be NULL; it is then not computed. Both functions return a Status.
//
// They compile every dimension and border mode. A caller that knows these in advance
// uses
//   stn::Sampler<T, dims, affine, border>::sample(...)
//   stn::Sampler<T, dims, affine, border>::gradient<with_images, with_coords>(...)
// and only that one case is compiled.
#ifndef STN_SAMPLER_H
#define STN_SAMPLER_H

#include "avx512/path.h"
#include "portable/forward.h"
#include "portable/image_gradient.h"
#include "portable/coords_gradient.h"

namespace stn {

// Images without pixels. The caller reports an error; the sampler touches nothing.
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

template <typename T, int dims, bool affine, Border border,
          typename Interpolation = Bilinear>
struct Sampler {
  static int sample(const T* images, const T* coords, T* output,
                    const Geometry& geometry) {
    if (is_too_large(geometry)) return STATUS_TOO_LARGE;
    if (is_void(geometry)) return STATUS_FINE;
    if (!FastPath<T, dims, affine, border, Interpolation>::sample(images, coords,
                                                                  output, geometry))
      sample_portable<T, dims, affine, border, Interpolation>(images, coords, output,
                                                              geometry);
    return STATUS_FINE;
  }

  // One of the two, or both: grad_images and grad_coords as `with_images` and
  // `with_coords` say.
  template <bool with_images, bool with_coords>
  static int gradient(const T* images, const T* coords, const T* grad_output,
                      T* grad_images, T* grad_coords, const Geometry& geometry) {
    if (is_too_large(geometry)) return STATUS_TOO_LARGE;
    if (is_void(geometry)) return STATUS_FINE;
    int status = STATUS_FINE;
    typedef FastPath<T, dims, affine, border, Interpolation> Fast;
    if (Fast::template gradient<with_images, with_coords>(
            images, coords, grad_output, grad_images, grad_coords, geometry, &status))
      return status;
    if (with_images)
      image_gradient<T, dims, affine, border, Interpolation>(coords, grad_output,
                                                             grad_images, geometry);
    if (!with_coords) return STATUS_FINE;
    return CoordsGradient<T, dims, affine, border, Interpolation>::compute(
        images, coords, grad_output, grad_coords, geometry);
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

template <typename T, typename Interpolation>
struct SampleAction {
  const T *images, *coords;
  T* output;
  const Geometry& geometry;

  template <int dims, bool affine, Border border>
  int run() const {
    return Sampler<T, dims, affine, border, Interpolation>::sample(images, coords,
                                                                   output, geometry);
  }
};

template <typename Interpolation = Bilinear, typename T>
int sample(const T* images, const T* coords, T* output, const Geometry& geometry) {
  const SampleAction<T, Interpolation> action = {images, coords, output, geometry};
  return with_case(action, geometry);
}

template <typename T, typename Interpolation>
struct GradientAction {
  const T *images, *coords, *grad_output;
  T *grad_images, *grad_coords;
  const Geometry& geometry;

  template <int dims, bool affine, Border border>
  int run() const {
    typedef Sampler<T, dims, affine, border, Interpolation> Case;
    if (grad_images && grad_coords)
      return Case::template gradient<true, true>(images, coords, grad_output,
                                                 grad_images, grad_coords, geometry);
    if (grad_images)
      return Case::template gradient<true, false>(images, coords, grad_output,
                                                  grad_images, grad_coords, geometry);
    if (grad_coords)
      return Case::template gradient<false, true>(images, coords, grad_output,
                                                  grad_images, grad_coords, geometry);
    return STATUS_FINE;
  }
};

template <typename Interpolation = Bilinear, typename T>
int sample_gradient(const T* images, const T* coords, const T* grad_output,
                    T* grad_images, T* grad_coords, const Geometry& geometry) {
  const GradientAction<T, Interpolation> action = {
      images, coords, grad_output, grad_images, grad_coords, geometry};
  return with_case(action, geometry);
}

}  // namespace stn

#endif  // STN_SAMPLER_H
