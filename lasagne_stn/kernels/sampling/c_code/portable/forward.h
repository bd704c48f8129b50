// Sampling, for every case: any type, dimension, border mode, interpolation and map.
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
template <typename T, int dims, Border border, typename Interpolation>
STN_PREFETCHING void prefetch_chunk(
    const T* image, const Chunk<T, dims, border, Interpolation>& chunk) {
  const int last = Corners<Interpolation, dims>::COUNT - 1;
  const int every = 4;  // pixels: several share a cache line
  for (int k = 0; k < chunk.count; k += every) {
    __builtin_prefetch(image + std::max(0, chunk.corner(0, k)));
    __builtin_prefetch(image + std::max(0, chunk.corner(last, k)));
  }
}

// ---- one output pixel

template <typename T, int dims, Border border, typename Interpolation>
inline void read_corners(const T* image,
                         const Chunk<T, dims, border, Interpolation>& chunk, int k,
                         T outside, T* values) {
  for (int number = 0; number < Corners<Interpolation, dims>::COUNT; ++number) {
    const int offset = chunk.corner(number, k);
    values[number] =
        border == BORDER_CONSTANT && offset == OUTSIDE ? outside : image[offset];
  }
}

// ---- forward

template <typename T, int dims, Border border, typename Interpolation>
inline void sample_chunk(const T* image,
                         const Chunk<T, dims, border, Interpolation>& chunk, T outside,
                         T* output) {
  prefetch_chunk(image, chunk);
  for (int k = 0; k < chunk.count; ++k) {
    T values[Corners<Interpolation, dims>::COUNT];
    read_corners(image, chunk, k, outside, values);
    output[chunk.start + k] = Interpolation::template mix<NO_SLOPE>(chunk, k, values);
  }
}

// All channels of one image, for `count` output pixels from `start` on.
template <Border border, typename Interpolation, typename T, int dims,
          typename Coordinates>
void sample_pixels(const T* images, const Coordinates& coordinates,
                   const Geometry& geometry, ptrdiff_t start, int count, T* output) {
  Chunk<T, dims, border, Interpolation> chunk(geometry);
  make_chunk(coordinates, geometry, start, count, chunk);
  const T outside = static_cast<T>(geometry.border_value);
  for (ptrdiff_t channel = 0; channel < geometry.channels; ++channel)
    sample_chunk(images + channel * geometry.in_pixels(), chunk, outside,
                 output + channel * geometry.out_pixels());
}

template <typename T, int dims, bool affine, Border border, typename Interpolation>
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
    sample_pixels<border, Interpolation, T, dims>(
        images + item * in_size, coordinates, geometry, number * CHUNK_PIXELS,
        chunk_count(number, geometry.out_pixels()), output + item * out_size);
  }
}

}  // namespace stn

#endif  // STN_PORTABLE_FORWARD_H
