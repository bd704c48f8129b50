// The gradient of sampling with respect to the coordinates, for every case: of theta,
// or of the source points. Sums have an order of their own, so the bits never depend on
// the threads.
#ifndef STN_PORTABLE_COORDS_GRADIENT_H
#define STN_PORTABLE_COORDS_GRADIENT_H

#include <cstdlib>

#include "portable/forward.h"

namespace stn {

// For every pixel of a chunk, the sum over channels of the output's gradient times the
// slope along each axis, in source pixels.
template <typename T, int dims>
struct Slopes {
  T along[dims][CHUNK_PIXELS];
};

// Sets slopes[axis] for every axis up to `axis`: a recursion, because the axis has to
// be known when `mix` is compiled.
template <typename Interpolation, int axis, typename T, int dims>
struct AddSlopes {
  static void add(const ChunkBase<T, dims>& chunk, int k, const T* values, T gradient,
                  Slopes<T, dims>& slopes) {
    slopes.along[axis][k] +=
        gradient * Interpolation::template mix<axis>(chunk, k, values);
    AddSlopes<Interpolation, axis - 1, T, dims>::add(chunk, k, values, gradient,
                                                     slopes);
  }
};
template <typename Interpolation, typename T, int dims>
struct AddSlopes<Interpolation, -1, T, dims> {
  static void add(const ChunkBase<T, dims>&, int, const T*, T, Slopes<T, dims>&) {}
};

template <typename T, int dims, Border border, typename Interpolation>
inline void add_slopes(const T* image,
                       const Chunk<T, dims, border, Interpolation>& chunk, T outside,
                       const T* grad_output, Slopes<T, dims>& slopes) {
  prefetch_chunk(image, chunk);
  for (int k = 0; k < chunk.count; ++k) {
    T values[Corners<Interpolation, dims>::COUNT];
    read_corners(image, chunk, k, outside, values);
    AddSlopes<Interpolation, dims - 1, T, dims>::add(
        chunk, k, values, grad_output[chunk.start + k], slopes);
  }
}

// The chunk of `count` output pixels from `start` on, and its slopes.
template <typename T, int dims, Border border, typename Interpolation,
          typename Coordinates>
void make_slopes(const T* images, const Coordinates& coordinates, const T* grad_output,
                 const Geometry& geometry, ptrdiff_t start, int count,
                 Chunk<T, dims, border, Interpolation>& chunk,
                 Slopes<T, dims>& slopes) {
  make_chunk(coordinates, geometry, start, count, chunk);
  for (int axis = 0; axis < dims; ++axis)
    std::fill(slopes.along[axis], slopes.along[axis] + count, T(0));
  const T outside = static_cast<T>(geometry.border_value);
  for (ptrdiff_t channel = 0; channel < geometry.channels; ++channel)
    add_slopes(images + channel * geometry.in_pixels(), chunk, outside,
               grad_output + channel * geometry.out_pixels(), slopes);
  for (int axis = 0; axis < dims; ++axis)
    for (int k = 0; k < count; ++k)
      slopes.along[axis][k] = chunk.slope_of(axis, k, slopes.along[axis][k]);
}

// Theta gets sums over the output pixels, (dims, dims + 1): of the slopes times the
// output index along each axis, counted from the centre, and of the slopes alone.
template <typename T, int dims>
void add_chunk_to_theta(const ChunkBase<T, dims>& chunk, const Slopes<T, dims>& slopes,
                        const Geometry& geometry, double* sums) {
  for (int done = 0; done < chunk.count;) {
    const OutputIndex<dims> at(chunk.start + done, geometry);
    const int run = static_cast<int>(
        std::min<ptrdiff_t>(geometry.out_size(0) - at.index[0], chunk.count - done));
    const double first = at.index[0] - centre_of(geometry.out_size(0));
    for (int axis = 0; axis < dims; ++axis) {
      const T* slope = slopes.along[axis] + done;
      double plain = 0, times_column = 0;
      for (int k = 0; k < run; ++k) {
        plain += slope[k];
        times_column += slope[k] * (first + k);
      }
      double* row = sums + axis * (dims + 1);
      row[0] += times_column;
      for (int k = 1; k < dims; ++k)
        row[k] += plain * (at.index[k] - centre_of(geometry.out_size(k)));
      row[dims] += plain;
    }
    done += run;
  }
}

// The sums of every task, kept apart until all are there, so that they are always
// added in the same order.
template <int dims>
class ThetaSums {
 public:
  static const int SIZE = dims * (dims + 1);

  ThetaSums(ptrdiff_t batch, ptrdiff_t tasks)
      : batch_(batch),
        tasks_(tasks),
        sums_(static_cast<double*>(std::calloc(
            static_cast<size_t>(batch * tasks * SIZE + 1), sizeof(double)))) {}
  ~ThetaSums() { std::free(sums_); }

  bool has_memory() const { return sums_ != NULL; }

  double* of(ptrdiff_t item, ptrdiff_t task) {
    return sums_ + (item * tasks_ + task) * SIZE;
  }

  // Theta is in normalised coordinates, the sums are in pixels.
  template <typename T>
  void finish(const Geometry& geometry, T* grad_theta) {
    for (ptrdiff_t item = 0; item < batch_; ++item) {
      double total[SIZE] = {0};
      for (ptrdiff_t task = 0; task < tasks_; ++task)
        for (int entry = 0; entry < SIZE; ++entry)
          total[entry] += of(item, task)[entry];
      for (int axis = 0; axis < dims; ++axis) {
        const double half_extent = geometry.half_extent(geometry.in_size(axis));
        const double* row = total + axis * (dims + 1);
        T* gradient = grad_theta + item * SIZE + axis * (dims + 1);
        for (int k = 0; k < dims; ++k)
          gradient[k] = static_cast<T>(row[k] * AffineMap<dims>::per_output_half_extent(
                                                    half_extent, geometry, k));
        gradient[dims] = static_cast<T>(row[dims] * half_extent);
      }
    }
  }

 private:
  ThetaSums(const ThetaSums&);
  void operator=(const ThetaSums&);

  const ptrdiff_t batch_, tasks_;
  double* const sums_;
};

template <typename T, int dims, bool affine, Border border, typename Interpolation>
struct CoordsGradient {  // of theta
  static int compute(const T* images, const T* theta, const T* grad_output,
                     T* grad_theta, const Geometry& geometry) {
    const ptrdiff_t in_size = geometry.channels * geometry.in_pixels();
    const ptrdiff_t out_size = geometry.channels * geometry.out_pixels();
    const ptrdiff_t chunks = chunks_of(geometry.out_pixels());
    ThetaSums<dims> sums(geometry.batch, chunks);
    if (!sums.has_memory()) return STATUS_NO_MEMORY;
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic, 4) num_threads(thread_count(geometry))
#endif
    for (ptrdiff_t task = 0; task < geometry.batch * chunks; ++task) {
      const ptrdiff_t item = task / chunks, number = task % chunks;
      const AffineCoordinates<T, dims> coordinates(theta + item * sums.SIZE, geometry);
      Chunk<T, dims, border, Interpolation> chunk(geometry);
      Slopes<T, dims> slopes;
      make_slopes(images + item * in_size, coordinates, grad_output + item * out_size,
                  geometry, number * CHUNK_PIXELS,
                  chunk_count(number, geometry.out_pixels()), chunk, slopes);
      add_chunk_to_theta(chunk, slopes, geometry, sums.of(item, number));
    }
    sums.finish(geometry, grad_theta);
    return STATUS_FINE;
  }
};

template <typename T, int dims, Border border, typename Interpolation>
struct CoordsGradient<T, dims, false, border, Interpolation> {  // of points
  static int compute(const T* images, const T* points, const T* grad_output,
                     T* grad_points, const Geometry& geometry) {
    const ptrdiff_t in_size = geometry.channels * geometry.in_pixels();
    const ptrdiff_t out_size = geometry.channels * geometry.out_pixels();
    const ptrdiff_t points_size = dims * geometry.out_pixels();
    const ptrdiff_t chunks = chunks_of(geometry.out_pixels());
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic, 4) num_threads(thread_count(geometry))
#endif
    for (ptrdiff_t task = 0; task < geometry.batch * chunks; ++task) {
      const ptrdiff_t item = task / chunks, number = task % chunks;
      const PointCoordinates<T, dims> coordinates(points + item * points_size,
                                                  geometry);
      Chunk<T, dims, border, Interpolation> chunk(geometry);
      Slopes<T, dims> slopes;
      make_slopes(images + item * in_size, coordinates, grad_output + item * out_size,
                  geometry, number * CHUNK_PIXELS,
                  chunk_count(number, geometry.out_pixels()), chunk, slopes);
      const ptrdiff_t step = geometry.point_step();
      T* gradient = grad_points + item * points_size + chunk.start * step;
      for (int axis = 0; axis < dims; ++axis, gradient += geometry.axis_step()) {
        const double half_extent = geometry.half_extent(geometry.in_size(axis));
        for (int k = 0; k < chunk.count; ++k)
          gradient[k * step] = static_cast<T>(slopes.along[axis][k] * half_extent);
      }
    }
    return STATUS_FINE;
  }
};

}  // namespace stn

#endif  // STN_PORTABLE_COORDS_GRADIENT_H
