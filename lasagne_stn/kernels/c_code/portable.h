// Sampling and its gradients for every case: any type, dimension, border and map.
#ifndef STN_PORTABLE_H
#define STN_PORTABLE_H

#include <cstdlib>

#include "taps.h"

#ifdef _OPENMP
#include <omp.h>
#endif

namespace stn {

inline int thread_count() {
#ifdef _OPENMP
  return omp_get_max_threads();
#else
  return 1;
#endif
}

inline int thread_number() {
#ifdef _OPENMP
  return omp_get_thread_num();
#else
  return 0;
#endif
}

// ---- one output pixel: the 2^dims source pixels round it

// Corner number c takes the high tap along every axis whose bit is set in c.
template <typename T, int dims>
struct Corners {
  static const int COUNT = 1 << dims;
  int offset[COUNT];  // into one channel's image, or OUTSIDE

  Corners(const Chunk<T, dims>& chunk, int k, Border border) {
    for (int corner = 0; corner < COUNT; ++corner) {
      bool outside = false;
      offset[corner] = 0;
      for (int axis = 0; axis < dims; ++axis) {
        const int tap = corner >> axis & 1 ? chunk.high[axis][k] : chunk.low[axis][k];
        outside |= tap == OUTSIDE;
        offset[corner] += tap;
      }
      if (border == BORDER_CONSTANT && outside) offset[corner] = OUTSIDE;
    }
  }
};

template <Border border, typename T, int dims>
inline void read(const T* image, const Corners<T, dims>& corners, T outside, T* values) {
  for (int corner = 0; corner < corners.COUNT; ++corner) {
    const int offset = corners.offset[corner];
    values[corner] =
        border == BORDER_CONSTANT && offset == OUTSIDE ? outside : image[offset];
  }
}

// Mixes the corners' values along every axis, from the slowest to the fastest. Along
// `slope_axis`, if it is one of them, takes the difference instead: this is the
// right-hand derivative with respect to that pixel coordinate.
template <int dims, int slope_axis, typename T>
inline T mix(const Chunk<T, dims>& chunk, int k, const T* values) {
  T left[1 << dims];
  for (int corner = 0; corner < 1 << dims; ++corner) left[corner] = values[corner];
  for (int axis = dims - 1; axis >= 0; --axis) {
    const T fraction = chunk.fraction[axis][k];
    const int half = 1 << axis;
    for (int corner = 0; corner < half; ++corner)
      left[corner] = axis == slope_axis
                         ? left[corner + half] - left[corner]
                         : (1 - fraction) * left[corner] + fraction * left[corner + half];
  }
  return left[0];
}

const int NO_SLOPE = -1;

// ---- forward

template <Border border, typename T, int dims>
inline void sample_chunk(const T* image, const Chunk<T, dims>& chunk,
                         T outside, T* output) {
  for (int k = 0; k < chunk.count; ++k) {
    const Corners<T, dims> corners(chunk, k, border);
    T values[1 << dims];
    read<border>(image, corners, outside, values);
    output[chunk.start + k] = mix<dims, NO_SLOPE>(chunk, k, values);
  }
}

// All channels of one image, for `count` output pixels from `start` on.
template <Border border, typename T, int dims, typename Coordinates>
void sample_pixels(const T* images, const Coordinates& coordinates,
                   const Geometry& geometry, ptrdiff_t start, int count, T* output) {
  Chunk<T, dims> chunk;
  make_chunk<border>(coordinates, geometry, start, count, chunk);
  const T outside = static_cast<T>(geometry.border_value);
  for (ptrdiff_t channel = 0; channel < geometry.channels; ++channel)
    sample_chunk<border>(images + channel * geometry.in_pixels(), chunk, outside,
                         output + channel * geometry.out_pixels());
}

template <typename T, int dims, bool affine, Border border>
void sample_portable(const T* images, const T* where, T* output,
                     const Geometry& geometry) {
  typedef typename CoordinatesOf<T, dims, affine>::type Coordinates;
  const ptrdiff_t in_size = geometry.channels * geometry.in_pixels();
  const ptrdiff_t out_size = geometry.channels * geometry.out_pixels();
  const ptrdiff_t where_size = Coordinates::where_size(geometry);
  const ptrdiff_t chunks = chunks_of(geometry.out_pixels());
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic, 4)
#endif
  for (ptrdiff_t task = 0; task < geometry.batch * chunks; ++task) {
    const ptrdiff_t item = task / chunks, number = task % chunks;
    const Coordinates coordinates(where + item * where_size, geometry);
    sample_pixels<border, T, dims>(images + item * in_size, coordinates, geometry,
                                   number * CHUNK_PIXELS,
                                   chunk_count(number, geometry.out_pixels()),
                                   output + item * out_size);
  }
}

}  // namespace stn

#endif  // STN_PORTABLE_H
