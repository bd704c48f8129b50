// The taps of a run of output pixels: which two source pixels each output pixel reads
// along every axis, and how they are mixed.
//
// A chunk is a run of consecutive output pixels of one image. Its taps are computed
// once, in loops the compiler can vectorise, and then used for every channel. They do
// not depend on the number of threads, nor does anything summed over a chunk.
#ifndef STN_TAPS_H
#define STN_TAPS_H

#include <algorithm>

#include "geometry.h"

namespace stn {

const int CHUNK_PIXELS = 512;

template <typename T, int dims>
struct Chunk {
  ptrdiff_t start;  // first output pixel
  int count;        // at most CHUNK_PIXELS
  int low[dims][CHUNK_PIXELS];     // the tap at floor(coordinate), and the one
  int high[dims][CHUNK_PIXELS];    // further: index times stride, or OUTSIDE
  T fraction[dims][CHUNK_PIXELS];  // coordinate - floor(coordinate)
};

// Stands for a tap that reads no pixel, under BORDER_CONSTANT.
const int OUTSIDE = -1;

// One axis of the source image.
struct SourceAxis {
  int size;
  int stride;  // elements between neighbours
  SourceAxis(const Geometry& geometry, int axis)
      : size(static_cast<int>(geometry.in_size(axis))), stride(1) {
    for (int k = 0; k < axis; ++k) stride *= static_cast<int>(geometry.in_size(k));
  }
};

// ---- border modes: from a whole pixel coordinate to an index into the axis

// The remainder in [0, period), for whole numbers of any size.
inline double whole_modulo(double value, double period) {
  if (std::fabs(value) < 1073741824.0)  // quotient and product are exact
    return value - period * std::floor(value / period);
  const double remainder = std::fmod(value, period);
  return remainder < 0 ? remainder + period : remainder;
}

// An index into the axis, for the modes in which every position has one.
template <Border border>
inline int periodic_offset(double position, const SourceAxis& source) {
  const int size = source.size;
  double index;
  if (border == BORDER_MIRROR) {
    const double last = size - 1;
    index = std::fabs(whole_modulo(position + last, std::max(2 * last, 1.0)) - last);
  } else if (border == BORDER_WRAP) {
    index = whole_modulo(position, size);
  } else {
    const double within = whole_modulo(position, 2.0 * size);
    index = std::min(within, 2.0 * size - 1 - within);
  }
  return static_cast<int>(std::min(std::max(0.0, index), size - 1.0)) * source.stride;
}

template <Border border>
inline int edge_offset(int position, const SourceAxis& source) {
  const int nearest = std::min(std::max(position, 0), source.size - 1);
  return border == BORDER_CONSTANT && nearest != position ? OUTSIDE
                                                          : nearest * source.stride;
}

// ---- taps along one axis; `coordinate(k)` is that of the k-th output pixel

// Two pixels beyond the edge nothing changes any more, so coordinates end there. Then
// an int holds them, and every processor converts vectors of those.
template <Border border, typename T, typename Coordinate>
inline void fill_to_edge(int count, const SourceAxis& source, const Coordinate& coordinate,
                         int* low, int* high, T* fraction) {
  const double largest = source.size + 1.0;
  for (int k = 0; k < count; ++k) {
    double position = coordinate(k);
    position = position > -2 ? position : -2;
    position = position < largest ? position : largest;
    int whole = static_cast<int>(position);
    whole -= position < whole;
    low[k] = edge_offset<border>(whole, source);
    high[k] = edge_offset<border>(whole + 1, source);
    fraction[k] = static_cast<T>(position - whole);
  }
}

// Beyond the limit a step of one pixel is lost in rounding: both taps are the same.
template <Border border, typename T, typename Coordinate>
inline void fill_periodic(int count, const SourceAxis& source,
                          const Coordinate& coordinate, int* low, int* high,
                          T* fraction) {
  for (int k = 0; k < count; ++k) {
    const double position = limited(coordinate(k));
    const double whole = std::floor(position);
    low[k] = periodic_offset<border>(whole, source);
    high[k] = periodic_offset<border>(whole + 1, source);
    fraction[k] = static_cast<T>(position - whole);
  }
}

inline bool is_periodic(Border border) {
  return border != BORDER_NEAREST && border != BORDER_CONSTANT;
}

template <Border border, typename T, typename Coordinate>
inline void fill_axis(int count, const SourceAxis& source, const Coordinate& coordinate,
                      int* low, int* high, T* fraction) {
  if (is_periodic(border))
    fill_periodic<border>(count, source, coordinate, low, high, fraction);
  else
    fill_to_edge<border>(count, source, coordinate, low, high, fraction);
}

// A NaN coordinate reads from coordinate 0, with weights that are NaN.
template <Border border, typename T, typename Coordinate>
void fill_nan(int count, const SourceAxis& source, const Coordinate& coordinate, int* low,
              int* high, T* fraction) {
  for (int k = 0; k < count; ++k) {
    const double position = coordinate(k);
    if (position == position) continue;
    low[k] = 0;
    high[k] = std::min(1, source.size - 1) * source.stride;
    fraction[k] = std::numeric_limits<T>::quiet_NaN();
  }
}

// ---- coordinates along one axis, for a run of pixels within one output row

// Where an output pixel stands: its index along every output axis.
template <int dims>
struct Place {
  ptrdiff_t pixel;
  ptrdiff_t index[dims];

  Place(ptrdiff_t pixel_, const Geometry& geometry) : pixel(pixel_) {
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
  struct Run {
    double base, step, centre;
    int column;
    double operator()(int k) const { return base + step * ((column + k) - centre); }
    bool has_nan(int) const { return base != base || step != step; }
  };

  AffineMap<dims> map;

  AffineCoordinates(const T* theta, const Geometry& geometry) : map(theta, geometry) {}

  static ptrdiff_t where_size(const Geometry&) { return dims * (dims + 1); }

  Run along(int axis, const Place<dims>& place) const {
    Run run;
    run.base = map.origin[axis];
    for (int k = 1; k < dims; ++k)
      run.base += map.step[axis][k] * (place.index[k] - map.centre[k]);
    run.step = map.step[axis][0];
    run.centre = map.centre[0];
    run.column = static_cast<int>(place.index[0]);
    return run;
  }
};

// Coordinates given as source points, (output pixels, dims), x first.
template <typename T, int dims>
struct PointCoordinates {
  struct Run {
    const T* points;
    double centre, extent;
    double operator()(int k) const {
      return centre + limited(points[k * dims]) * extent;
    }
    bool has_nan(int count) const {
      int nans = 0;
      for (int k = 0; k < count; ++k) nans += points[k * dims] != points[k * dims];
      return nans > 0;
    }
  };

  const T* points;
  const Geometry& geometry;

  PointCoordinates(const T* points_, const Geometry& geometry_)
      : points(points_), geometry(geometry_) {}

  static ptrdiff_t where_size(const Geometry& geometry) {
    return dims * geometry.out_pixels();
  }

  Run along(int axis, const Place<dims>& place) const {
    const ptrdiff_t size = geometry.in_size(axis);
    Run run;
    run.points = points + place.pixel * dims + axis;
    run.centre = centre_of(size);
    run.extent = geometry.half_extent(size);
    return run;
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

// ---- chunks

// A pixel with one NaN coordinate is NaN in everything, in its slopes along the other
// axes too.
template <typename T, int dims>
inline void spread_nan(Chunk<T, dims>& chunk) {
  for (int k = 0; k < chunk.count; ++k) {
    T sum = 0;
    for (int axis = 0; axis < dims; ++axis) sum += chunk.fraction[axis][k];
    if (sum != sum)
      for (int axis = 0; axis < dims; ++axis) chunk.fraction[axis][k] = sum;
  }
}

template <Border border, typename T, int dims, typename Coordinates>
void make_chunk(const Coordinates& coordinates, const Geometry& geometry,
                ptrdiff_t start, int count, Chunk<T, dims>& chunk) {
  chunk.start = start;
  chunk.count = count;
  bool any_nan = false;
  for (int done = 0; done < count;) {
    const Place<dims> place(start + done, geometry);
    const int run = static_cast<int>(std::min<ptrdiff_t>(
        geometry.out_size(0) - place.index[0], count - done));
    for (int axis = 0; axis < dims; ++axis) {
      const SourceAxis source(geometry, axis);
      const typename Coordinates::Run coordinate = coordinates.along(axis, place);
      int* low = chunk.low[axis] + done;
      int* high = chunk.high[axis] + done;
      T* fraction = chunk.fraction[axis] + done;
      fill_axis<border>(run, source, coordinate, low, high, fraction);
      if (coordinate.has_nan(run)) {
        fill_nan<border>(run, source, coordinate, low, high, fraction);
        any_nan = true;
      }
    }
    done += run;
  }
  if (any_nan) spread_nan(chunk);
}

inline ptrdiff_t chunks_of(ptrdiff_t pixels) {
  return (pixels + CHUNK_PIXELS - 1) / CHUNK_PIXELS;
}

inline int chunk_count(ptrdiff_t chunk_number, ptrdiff_t pixels) {
  const ptrdiff_t start = chunk_number * CHUNK_PIXELS;
  return static_cast<int>(std::min<ptrdiff_t>(CHUNK_PIXELS, pixels - start));
}

}  // namespace stn

#endif  // STN_TAPS_H
