// The pixel coordinates of output pixels: made from theta, or given as points.
#ifndef STN_COORDINATES_H
#define STN_COORDINATES_H

#include "geometry.h"

namespace stn {

// Where an output pixel stands: its index along every output axis.
template <int dims>
struct OutputIndex {
  ptrdiff_t pixel;
  ptrdiff_t index[dims];

  OutputIndex(ptrdiff_t pixel_, const Geometry& geometry) : pixel(pixel_) {
    ptrdiff_t rest = pixel;
    for (int k = 0; k < dims; ++k) {
      const ptrdiff_t size = geometry.out_size(k);
      index[k] = rest % size;
      rest /= size;
    }
  }
};

// Coordinates made from theta, (dims, dims + 1).
template <typename T, int dims>
struct AffineCoordinates {
  AffineMap<dims> map;

  AffineCoordinates(const T* theta, const Geometry& geometry) : map(theta, geometry) {}

  static ptrdiff_t coords_size(const Geometry&) { return dims * (dims + 1); }

  // Along one source axis, for `count` pixels of an output row.
  void write(int axis, const OutputIndex<dims>& at, int count,
             double* coordinates) const {
    double base = map.origin[axis];
    for (int k = 1; k < dims; ++k)
      base += map.step[axis][k] * (at.index[k] - map.centre[k]);
    const double step = map.step[axis][0], centre = map.centre[0];
    const int column = static_cast<int>(at.index[0]);
    for (int k = 0; k < count; ++k)
      coordinates[k] = base + step * ((column + k) - centre);
  }
};

// Coordinates given as source points, x first.
template <typename T, int dims>
struct PointCoordinates {
  const T* points;
  const Geometry& geometry;

  PointCoordinates(const T* points_, const Geometry& geometry_)
      : points(points_), geometry(geometry_) {}

  static ptrdiff_t coords_size(const Geometry& geometry) {
    return dims * geometry.out_pixels();
  }

  void write(int axis, const OutputIndex<dims>& at, int count,
             double* coordinates) const {
    const double centre = centre_of(geometry.in_size(axis));
    const double half_extent = geometry.half_extent(geometry.in_size(axis));
    const ptrdiff_t step = geometry.point_step();
    const T* from = points + at.pixel * step + axis * geometry.axis_step();
    for (int k = 0; k < count; ++k)
      coordinates[k] = centre + limited(from[k * step]) * half_extent;
  }
};

template <typename T, int dims, bool affine>
struct CoordinatesOf {
  typedef AffineCoordinates<T, dims> type;
};
template <typename T, int dims>
struct CoordinatesOf<T, dims, false> {
  typedef PointCoordinates<T, dims> type;
};

}  // namespace stn

#endif  // STN_COORDINATES_H
