// Sampling, for every case: any type, dimension, border mode and map.
#ifndef STN_PORTABLE_FORWARD_H
#define STN_PORTABLE_FORWARD_H

#include "portable/taps.h"

#ifdef _OPENMP
#include <omp.h>
#endif

namespace stn {

// The threads that a call is worth. In the time that a sleeping one needs to wake, one
// thread alone writes this many pixels; on a busy machine it takes far longer.
#ifndef STN_SMALL
#define STN_SMALL 32768
#endif

inline int thread_count(const Geometry& geometry) {
#ifdef _OPENMP
  const ptrdiff_t pixels = std::max(geometry.in_pixels(), geometry.out_pixels());
  const bool small = geometry.batch * geometry.channels * pixels < STN_SMALL;
  return small ? 1 : omp_get_max_threads();
#else
  (void)geometry;
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

// Asks for the source pixels of a chunk before they are needed. A row of output pixels
// crosses the rows of a turned image, in a pattern that processors do not foresee.
template <typename T, int dims, Border border>
STN_PREFETCHING void prefetch_chunk(const T* image,
                                    const Chunk<T, dims, border>& chunk) {
  const int every = 4;  // pixels: several share a cache line
  for (int k = 0; k < chunk.count; k += every) {
    __builtin_prefetch(image + std::max(0, chunk.corner(0, k)));
    __builtin_prefetch(image + std::max(0, chunk.corner((1 << dims) - 1, k)));
  }
}

// ---- one output pixel

template <Border border, typename T, int dims>
inline void read_corners(const T* image, const Chunk<T, dims, border>& chunk, int k,
                         T outside, T* values) {
  for (int bits = 0; bits < 1 << dims; ++bits) {
    const int offset = chunk.corner(bits, k);
    values[bits] =
        border == BORDER_CONSTANT && offset == OUTSIDE ? outside : image[offset];
  }
}

const int NO_SLOPE = -1;

// Mixes the corners' values along every axis, from the slowest to the fastest. Along
// `slope_axis`, if it is one of them, takes the difference instead: this is the
// right-hand derivative with respect to that pixel coordinate.
template <int slope_axis, typename T, int dims>
inline T combine(const ChunkBase<T, dims>& chunk, int k, const T* values) {
  T left[1 << dims];
  for (int bits = 0; bits < 1 << dims; ++bits) left[bits] = values[bits];
  for (int axis = dims - 1; axis >= 0; --axis) {
    const T fraction = chunk.fraction[axis][k];
    const int half = 1 << axis;
    for (int bits = 0; bits < half; ++bits)
      left[bits] = axis == slope_axis
                       ? left[bits + half] - left[bits]
                       : (1 - fraction) * left[bits] + fraction * left[bits + half];
  }
  return left[0];
}

// ---- forward

template <Border border, typename T, int dims>
inline void sample_chunk(const T* image, const Chunk<T, dims, border>& chunk, T outside,
                         T* output) {
  prefetch_chunk(image, chunk);
  for (int k = 0; k < chunk.count; ++k) {
    T values[1 << dims];
    read_corners(image, chunk, k, outside, values);
    output[chunk.start + k] = combine<NO_SLOPE>(chunk, k, values);
  }
}

// All channels of one image, for `count` output pixels from `start` on.
template <Border border, typename T, int dims, typename Coordinates>
void sample_pixels(const T* images, const Coordinates& coordinates,
                   const Geometry& geometry, ptrdiff_t start, int count, T* output) {
  Chunk<T, dims, border> chunk(geometry);
  make_chunk(coordinates, geometry, start, count, chunk);
  const T outside = static_cast<T>(geometry.border_value);
  for (ptrdiff_t channel = 0; channel < geometry.channels; ++channel)
    sample_chunk(images + channel * geometry.in_pixels(), chunk, outside,
                 output + channel * geometry.out_pixels());
}

template <typename T, int dims, bool affine, Border border>
void sample_portable(const T* images, const T* coords, T* output,
                     const Geometry& geometry) {
  typedef typename CoordinatesOf<T, dims, affine>::type Coordinates;
  const ptrdiff_t in_size = geometry.channels * geometry.in_pixels();
  const ptrdiff_t out_size = geometry.channels * geometry.out_pixels();
  const ptrdiff_t coords_size = Coordinates::coords_size(geometry);
  const ptrdiff_t chunks = chunks_of(geometry.out_pixels());
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic, 4) num_threads(thread_count(geometry))
#endif
  for (ptrdiff_t task = 0; task < geometry.batch * chunks; ++task) {
    const ptrdiff_t item = task / chunks, number = task % chunks;
    const Coordinates coordinates(coords + item * coords_size, geometry);
    sample_pixels<border, T, dims>(
        images + item * in_size, coordinates, geometry, number * CHUNK_PIXELS,
        chunk_count(number, geometry.out_pixels()), output + item * out_size);
  }
}

}  // namespace stn

#endif  // STN_PORTABLE_FORWARD_H
