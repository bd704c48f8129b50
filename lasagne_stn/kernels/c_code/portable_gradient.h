// The gradients of sampling, for every case. No two threads ever write to one place,
// and every sum has an order of its own, so the bits never depend on the threads.
#ifndef STN_PORTABLE_GRADIENT_H
#define STN_PORTABLE_GRADIENT_H

#include <cstdlib>
#include <cstring>

#include "portable.h"

namespace stn {

// ---- gradient with respect to the coordinates

// For every pixel of a chunk, the sum over channels of the output's gradient times the
// slope along each axis, in source pixels.
template <typename T, int dims>
struct Slopes {
  T along[dims][CHUNK_PIXELS];
};

// Sets slopes[axis] for every axis up to `axis`: a recursion, because the axis has to
// be known when `mix` is compiled.
template <int axis, typename T, int dims>
struct AddSlopes {
  static void add(const Chunk<T, dims>& chunk, int k, const T* values, T gradient,
                  Slopes<T, dims>& slopes) {
    slopes.along[axis][k] += gradient * mix<dims, axis>(chunk, k, values);
    AddSlopes<axis - 1, T, dims>::add(chunk, k, values, gradient, slopes);
  }
};
template <typename T, int dims>
struct AddSlopes<-1, T, dims> {
  static void add(const Chunk<T, dims>&, int, const T*, T, Slopes<T, dims>&) {}
};

template <Border border, typename T, int dims>
inline void add_slopes(const T* image, const Chunk<T, dims>& chunk, T outside,
                       const T* grad_output, Slopes<T, dims>& slopes) {
  for (int k = 0; k < chunk.count; ++k) {
    const Corners<T, dims> corners(chunk, k, border);
    T values[1 << dims];
    read<border>(image, corners, outside, values);
    AddSlopes<dims - 1, T, dims>::add(chunk, k, values, grad_output[chunk.start + k],
                                      slopes);
  }
}

// The chunk of `count` output pixels from `start` on, and its slopes.
template <Border border, typename T, int dims, typename Coordinates>
void make_slopes(const T* images, const Coordinates& coordinates,
                 const T* grad_output, const Geometry& geometry, ptrdiff_t start,
                 int count, Chunk<T, dims>& chunk, Slopes<T, dims>& slopes) {
  make_chunk<border>(coordinates, geometry, start, count, chunk);
  for (int axis = 0; axis < dims; ++axis)
    std::fill(slopes.along[axis], slopes.along[axis] + count, T(0));
  const T outside = static_cast<T>(geometry.border_value);
  for (ptrdiff_t channel = 0; channel < geometry.channels; ++channel)
    add_slopes<border>(images + channel * geometry.in_pixels(), chunk, outside,
                       grad_output + channel * geometry.out_pixels(), slopes);
}

// Theta gets sums over the output pixels, (dims, dims + 1): of the slopes times the
// output index along each axis, counted from the centre, and of the slopes alone.
template <typename T, int dims>
void add_theta_sums(const Chunk<T, dims>& chunk, const Slopes<T, dims>& slopes,
                    const Geometry& geometry, double* sums) {
  for (int done = 0; done < chunk.count;) {
    const Place<dims> place(chunk.start + done, geometry);
    const int run = static_cast<int>(std::min<ptrdiff_t>(
        geometry.out_size(0) - place.index[0], chunk.count - done));
    const double first = place.index[0] - centre_of(geometry.out_size(0));
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
        row[k] += plain * (place.index[k] - centre_of(geometry.out_size(k)));
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
      : batch_(batch), tasks_(tasks),
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
        const double extent = geometry.half_extent(geometry.in_size(axis));
        const double* row = total + axis * (dims + 1);
        T* gradient = grad_theta + item * SIZE + axis * (dims + 1);
        for (int k = 0; k < dims; ++k)
          gradient[k] = static_cast<T>(
              row[k] * AffineMap<dims>::per_output_extent(extent, geometry, k));
        gradient[dims] = static_cast<T>(row[dims] * extent);
      }
    }
  }

 private:
  ThetaSums(const ThetaSums&);
  void operator=(const ThetaSums&);

  const ptrdiff_t batch_, tasks_;
  double* const sums_;
};

template <typename T, int dims, bool affine, Border border>
struct WhereGradient {  // of theta
  static int compute(const T* images, const T* theta, const T* grad_output,
                     T* grad_theta, const Geometry& geometry) {
    const ptrdiff_t in_size = geometry.channels * geometry.in_pixels();
    const ptrdiff_t out_size = geometry.channels * geometry.out_pixels();
    const ptrdiff_t chunks = chunks_of(geometry.out_pixels());
    ThetaSums<dims> sums(geometry.batch, chunks);
    if (!sums.has_memory()) return STATUS_NO_MEMORY;
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic, 4)
#endif
    for (ptrdiff_t task = 0; task < geometry.batch * chunks; ++task) {
      const ptrdiff_t item = task / chunks, number = task % chunks;
      const AffineCoordinates<T, dims> coordinates(theta + item * sums.SIZE, geometry);
      Chunk<T, dims> chunk;
      Slopes<T, dims> slopes;
      make_slopes<border>(images + item * in_size, coordinates,
                          grad_output + item * out_size, geometry,
                          number * CHUNK_PIXELS,
                          chunk_count(number, geometry.out_pixels()), chunk, slopes);
      add_theta_sums(chunk, slopes, geometry, sums.of(item, number));
    }
    sums.finish(geometry, grad_theta);
    return STATUS_FINE;
  }
};

template <typename T, int dims, Border border>
struct WhereGradient<T, dims, false, border> {  // of points
  static int compute(const T* images, const T* points, const T* grad_output,
                     T* grad_points, const Geometry& geometry) {
    const ptrdiff_t in_size = geometry.channels * geometry.in_pixels();
    const ptrdiff_t out_size = geometry.channels * geometry.out_pixels();
    const ptrdiff_t points_size = dims * geometry.out_pixels();
    const ptrdiff_t chunks = chunks_of(geometry.out_pixels());
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic, 4)
#endif
    for (ptrdiff_t task = 0; task < geometry.batch * chunks; ++task) {
      const ptrdiff_t item = task / chunks, number = task % chunks;
      const PointCoordinates<T, dims> coordinates(points + item * points_size, geometry);
      Chunk<T, dims> chunk;
      Slopes<T, dims> slopes;
      make_slopes<border>(images + item * in_size, coordinates,
                          grad_output + item * out_size, geometry,
                          number * CHUNK_PIXELS,
                          chunk_count(number, geometry.out_pixels()), chunk, slopes);
      T* gradient = grad_points + item * points_size + chunk.start * dims;
      for (int axis = 0; axis < dims; ++axis) {
        const double extent = geometry.half_extent(geometry.in_size(axis));
        for (int k = 0; k < chunk.count; ++k)
          gradient[k * dims + axis] = static_cast<T>(slopes.along[axis][k] * extent);
      }
    }
    return STATUS_FINE;
  }
};

// ---- gradient with respect to the images

// A part of the images that one thread fills: some channels of one item, and a band of
// the slowest axis (rows, or depth).
struct Part {
  ptrdiff_t item, first_channel, channel_count;
  ptrdiff_t band_start, band_stop;  // in elements of one channel's image
};

// Cuts the images into enough parts for all threads. A pixel's sum is in the order of
// the output pixels however the cuts fall.
class Parts {
 public:
  explicit Parts(const Geometry& geometry) : geometry_(geometry) {
    const ptrdiff_t wanted = 4 * thread_count() / std::max<ptrdiff_t>(1, geometry.batch);
    const ptrdiff_t size = geometry.in[0];
    // Every part computes its own taps, which four channels or more make up for; a band
    // of an affine map may skip most of them.
    groups_ = within(1, wanted, geometry.channels / 4);
    bands_ = within(1, (wanted + groups_ - 1) / groups_, size / 8);
  }

  ptrdiff_t count() const { return geometry_.batch * groups_ * bands_; }

  Part part(ptrdiff_t number) const {
    const ptrdiff_t band = number % bands_, group = number / bands_ % groups_;
    const ptrdiff_t slice = geometry_.in_pixels() / geometry_.in[0];
    Part part;
    part.item = number / bands_ / groups_;
    part.first_channel = geometry_.channels * group / groups_;
    part.channel_count = geometry_.channels * (group + 1) / groups_ - part.first_channel;
    part.band_start = geometry_.in[0] * band / bands_ * slice;
    part.band_stop = geometry_.in[0] * (band + 1) / bands_ * slice;
    return part;
  }

 private:
  static ptrdiff_t within(ptrdiff_t smallest, ptrdiff_t value, ptrdiff_t largest) {
    return std::max(smallest, std::min(value, largest));
  }

  const Geometry& geometry_;
  ptrdiff_t groups_, bands_;
};

// Can any pixel of a chunk touch the band? May say yes when none does.
template <typename T, int dims>
bool may_touch(const PointCoordinates<T, dims>&, const Geometry&, ptrdiff_t, int,
               Border, const Part&) {
  return true;
}

template <typename T, int dims>
bool may_touch(const AffineCoordinates<T, dims>& coordinates, const Geometry& geometry,
               ptrdiff_t start, int count, Border border, const Part& part) {
  const AffineMap<dims>& map = coordinates.map;
  const int slowest = dims - 1;
  const Place<dims> first(start, geometry), last(start + count - 1, geometry);
  double lowest = map.origin[slowest], highest = lowest;
  bool whole_axis = false;  // once the chunk spans two values along a slower axis
  for (int k = slowest; k >= 0; --k) {
    const double step = map.step[slowest][k];
    const ptrdiff_t from = whole_axis ? 0 : first.index[k];
    const ptrdiff_t to = whole_axis ? geometry.out_size(k) - 1 : last.index[k];
    const double one = step * (from - map.centre[k]), other = step * (to - map.centre[k]);
    lowest += std::min(one, other);
    highest += std::max(one, other);
    whole_axis |= from != to;
  }
  const ptrdiff_t slice = geometry.in_pixels() / geometry.in[0];
  const double edge = static_cast<double>(geometry.in[0] - 1);
  const bool inside = lowest >= 1 && highest <= edge - 1;
  if (!inside) {
    if (is_periodic(border) || !(lowest <= highest)) return true;  // NaN too
    lowest = std::max(0.0, std::min(lowest, edge));
    highest = std::max(0.0, std::min(highest, edge));
  }
  const double band_first = static_cast<double>(part.band_start / slice);
  const double band_last = static_cast<double>(part.band_stop / slice - 1);
  return highest >= band_first - 1.5 && lowest <= band_last + 1.5;
}

// The transpose of sample_chunk, for the pixels of one band.
template <Border border, typename T, int dims>
inline void spread_chunk(T* grad_image, const Chunk<T, dims>& chunk, const Part& part,
                         const T* grad_output) {
  const int band_start = static_cast<int>(part.band_start);
  const unsigned band_size = static_cast<unsigned>(part.band_stop - part.band_start);
  for (int k = 0; k < chunk.count; ++k) {
    const Corners<T, dims> corners(chunk, k, border);
    T share[1 << dims];
    share[0] = grad_output[chunk.start + k];
    for (int axis = 0; axis < dims; ++axis) {
      const T fraction = chunk.fraction[axis][k];
      for (int corner = 0; corner < 1 << axis; ++corner) {
        share[corner + (1 << axis)] = fraction * share[corner];
        share[corner] = (1 - fraction) * share[corner];
      }
    }
    for (int corner = 0; corner < corners.COUNT; ++corner) {
      const int offset = corners.offset[corner];
      if (static_cast<unsigned>(offset - band_start) < band_size)
        grad_image[offset] += share[corner];
    }
  }
}

template <typename T, int dims, bool affine, Border border>
void fill_part(const T* where, const T* grad_output, T* grad_images,
               const Geometry& geometry, const Part& part) {
  typedef typename CoordinatesOf<T, dims, affine>::type Coordinates;
  const ptrdiff_t in_pixels = geometry.in_pixels();
  const ptrdiff_t out_pixels = geometry.out_pixels();
  const Coordinates coordinates(where + part.item * Coordinates::where_size(geometry),
                                geometry);
  const ptrdiff_t first = part.item * geometry.channels + part.first_channel;
  const ptrdiff_t stop = first + part.channel_count;
  for (ptrdiff_t plane = first; plane < stop; ++plane)
    std::memset(grad_images + plane * in_pixels + part.band_start, 0,
                sizeof(T) * static_cast<size_t>(part.band_stop - part.band_start));
  for (ptrdiff_t number = 0; number < chunks_of(out_pixels); ++number) {
    const ptrdiff_t start = number * CHUNK_PIXELS;
    const int count = chunk_count(number, out_pixels);
    if (!may_touch(coordinates, geometry, start, count, border, part)) continue;
    Chunk<T, dims> chunk;
    make_chunk<border>(coordinates, geometry, start, count, chunk);
    for (ptrdiff_t plane = first; plane < stop; ++plane)
      spread_chunk<border>(grad_images + plane * in_pixels, chunk, part,
                           grad_output + plane * out_pixels);
  }
}

template <typename T, int dims, bool affine, Border border>
void image_gradient(const T* where, const T* grad_output, T* grad_images,
                    const Geometry& geometry) {
  const Parts parts(geometry);
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic, 1)
#endif
  for (ptrdiff_t number = 0; number < parts.count(); ++number)
    fill_part<T, dims, affine, border>(where, grad_output, grad_images, geometry,
                                       parts.part(number));
}

}  // namespace stn

#endif  // STN_PORTABLE_GRADIENT_H
