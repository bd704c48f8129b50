// What is sampled, and where an output pixel lands in the source image.
//
// Axes are counted from the fastest one: axis 0 is x (columns), axis 1 is y (rows),
// axis 2 is z (depth). A pixel coordinate counts source pixels: 0 is the centre of the
// first pixel of an axis, n - 1 the centre of the last one.
#ifndef STN_GEOMETRY_H
#define STN_GEOMETRY_H

#include <cmath>
#include <cstddef>
#include <limits>

// For functions that do nothing but prefetch. A compiler that meets such a function
// before it is inlined finds it free of effects, and drops the call.
#define STN_PREFETCHING __attribute__((always_inline)) inline

namespace stn {

enum Border {
  BORDER_NEAREST,  // the edge pixel goes on for ever
  BORDER_MIRROR,   // reflection about the centre of the edge pixel
  BORDER_WRAP,     // the image is repeated
  BORDER_REFLECT,  // reflection about the outer edge of the edge pixel
  BORDER_CONSTANT  // one value everywhere outside
};

enum Status { STATUS_FINE = 0, STATUS_NO_MEMORY = 1, STATUS_TOO_LARGE = 2 };

struct Geometry {
  int dims;  // 2 or 3
  ptrdiff_t batch, channels;
  ptrdiff_t in[3], out[3];  // rows, columns; or depth, rows, columns
  bool affine;              // else the source points themselves are given,
  bool planar;              // all x before all y, or else x beside y
  int border;               // a Border
  double border_value;      // for BORDER_CONSTANT
  bool align_corners;       // do -1 and 1 mean the centres of the edge pixels, or
                            // their outer edges?

  ptrdiff_t in_size(int axis) const { return in[dims - 1 - axis]; }
  ptrdiff_t out_size(int axis) const { return out[dims - 1 - axis]; }
  ptrdiff_t in_pixels() const { return product(in); }
  ptrdiff_t out_pixels() const { return product(out); }

  // From one given point to the next, and from its x to its y.
  ptrdiff_t point_step() const { return planar ? 1 : dims; }
  ptrdiff_t axis_step() const { return planar ? out_pixels() : 1; }

  // Pixels between the normalised coordinates 0 and 1.
  double half_extent(ptrdiff_t size) const {
    return 0.5 * static_cast<double>(align_corners ? size - 1 : size);
  }

 private:
  ptrdiff_t product(const ptrdiff_t* sizes) const {
    ptrdiff_t pixels = 1;
    for (int axis = 0; axis < dims; ++axis) pixels *= sizes[axis];
    return pixels;
  }
};

inline double centre_of(ptrdiff_t size) { return 0.5 * static_cast<double>(size - 1); }

// The largest normalised coordinate or entry of theta: larger ones count as this one.
// Python (lasagne_stn/grid.py) and the GPU (gpu/common.cluda) use the same value.
const double FAR = 1e9;

// Infinity becomes finite, so that infinity times zero cannot give NaN. NaN stays NaN.
inline double limited(double value) {
  return value > FAR ? FAR : value < -FAR ? -FAR : value;
}

// The affine map of one image, in pixels: for an output pixel with index[axis],
//   source[axis] = origin[axis] + sum over k of step[axis][k] * (index[k] - centre[k]).
// Written around the centres, the identity between equal sizes has step 1 and half
// integers everywhere else, so its source coordinates are exact integers.
template <int dims>
struct AffineMap {
  double origin[dims];
  double step[dims][dims];
  double centre[dims];

  template <typename T>
  AffineMap(const T* theta, const Geometry& geometry) {
    for (int k = 0; k < dims; ++k) centre[k] = centre_of(geometry.out_size(k));
    for (int axis = 0; axis < dims; ++axis) {
      const T* row = theta + axis * (dims + 1);
      const ptrdiff_t size = geometry.in_size(axis);
      const double half_extent = geometry.half_extent(size);
      origin[axis] = centre_of(size) + limited(row[dims]) * half_extent;
      for (int k = 0; k < dims; ++k)
        step[axis][k] =
            limited(row[k]) * per_output_half_extent(half_extent, geometry, k);
    }
  }

  // A single output pixel whose centre is both -1 and 1 samples the middle. (A
  // division, not a product with a reciprocal: equal sizes must give exactly 1.)
  static double per_output_half_extent(double value, const Geometry& geometry, int k) {
    const double half_extent = geometry.half_extent(geometry.out_size(k));
    return half_extent > 0 ? value / half_extent : 0;
  }
};

}  // namespace stn

#endif  // STN_GEOMETRY_H
