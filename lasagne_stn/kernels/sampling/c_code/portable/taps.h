// The taps of a run of output pixels: which source pixels each output pixel reads along
// every axis, and the fractions that their weights are made from.
//
// A chunk is a run of consecutive output pixels of one image. Its taps are computed
// once, in loops the compiler can vectorise, and then used for every channel. They do
// not depend on the number of threads, nor does anything summed over a chunk.
//
// All chunks have the same few members (see Chunk), whatever the border mode.
#ifndef STN_PORTABLE_TAPS_H
#define STN_PORTABLE_TAPS_H

#include <algorithm>

#include "coordinates.h"
#include "portable/interpolation.h"

namespace stn {

// Stands for a corner that reads no pixel, under BORDER_CONSTANT.
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

inline bool is_periodic(Border border) {
  return border != BORDER_NEAREST && border != BORDER_CONSTANT;
}

// ---- chunks

// Of every policy and border mode: the taps are independent of each other.
template <typename T, int dims, Border border, typename Interpolation = Bilinear>
struct Chunk : ChunkBase<T, dims> {
  static const int TAPS = Interpolation::TAPS;

  int tap[dims][TAPS][CHUNK_PIXELS];  // index times stride, or OUTSIDE

  explicit Chunk(const Geometry&) {}

  // The offset into one channel's image, or OUTSIDE, of one of the TAPS^dims corners
  // that the k-th pixel reads.
  int corner(int number, int k) const {
    int offset = 0;
    bool outside = false;
    for (int axis = 0; axis < dims; ++axis) {
      const int found = tap[axis][Interpolation::tap_of(number, axis)][k];
      outside |= found == OUTSIDE;
      offset += found;
    }
    return border == BORDER_CONSTANT && outside ? OUTSIDE : offset;
  }

  // The slope, or 0 where the coordinate was clamped. Here none is: where all taps are
  // the same, so are their values.
  T slope_of(int, int, T slope) const { return slope; }

  void fill(int axis, const SourceAxis& source, const double* coordinates) {
    if (is_periodic(border))
      fill_periodic(source, coordinates, tap[axis], this->fraction[axis]);
    else
      fill_to_edge(source, coordinates, tap[axis], this->fraction[axis]);
  }

  // A NaN coordinate reads the first pixels, with weights that are NaN.
  void set_nan(int axis, int k, const SourceAxis& source) {
    for (int t = 0; t < TAPS; ++t)
      tap[axis][t][k] = std::min(t, source.size - 1) * source.stride;
    this->fraction[axis][k] = std::numeric_limits<T>::quiet_NaN();
  }

 private:
  // Where no tap reaches the image, nothing changes any more, so coordinates end
  // there. Then an int holds them, and every processor converts vectors of those.
  void fill_to_edge(const SourceAxis& source, const double* coordinates,
                    int (*__restrict to)[CHUNK_PIXELS],
                    T* __restrict to_fraction) const {
    const double smallest = -1 - Interpolation::REACH;
    const double largest = source.size + static_cast<double>(Interpolation::REACH);
    for (int k = 0; k < this->count; ++k) {
      double position = coordinates[k];
      position = position > smallest ? position : smallest;
      position = position < largest ? position : largest;
      const double shifted = Interpolation::shifted(position);
      int whole = static_cast<int>(shifted);
      whole -= shifted < whole;
      for (int t = 0; t < TAPS; ++t)
        to[t][k] = offset_within(whole + Interpolation::FIRST + t, source);
      to_fraction[k] = static_cast<T>(position - whole);
    }
  }

  static int offset_within(int index, const SourceAxis& source) {
    if (border == BORDER_NEAREST)
      return std::min(std::max(index, 0), source.size - 1) * source.stride;
    return 0 <= index && index < source.size ? index * source.stride : OUTSIDE;
  }

  void fill_periodic(const SourceAxis& source, const double* coordinates,
                     int (*to)[CHUNK_PIXELS], T* to_fraction) const {
    for (int k = 0; k < this->count; ++k) {
      const double position = coordinates[k];
      const double whole = std::floor(Interpolation::shifted(position));
      for (int t = 0; t < TAPS; ++t)
        to[t][k] = periodic_offset<border>(whole + Interpolation::FIRST + t, source);
      to_fraction[k] = static_cast<T>(position - whole);
    }
  }
};

// Bilinear with the border mode "nearest", the common case: coordinates are clamped to
// the image, and the low tap to the last pixel but one, so that a fraction may be
// exactly 1. Then the corners are always the same steps apart, and one offset is
// enough.
template <typename T, int dims>
struct Chunk<T, dims, BORDER_NEAREST, Bilinear> : ChunkBase<T, dims> {
  int offset[CHUNK_PIXELS];        // of the low corner
  int inside[dims][CHUNK_PIXELS];  // 1, or 0 where the coordinate was clamped
  int step[1 << dims];             // from the low corner to each

  explicit Chunk(const Geometry& geometry) {
    for (int bits = 0; bits < 1 << dims; ++bits) {
      step[bits] = 0;
      for (int axis = 0; axis < dims; ++axis) {
        const SourceAxis source(geometry, axis);
        if (bits >> axis & 1 && source.size > 1) step[bits] += source.stride;
      }
    }
  }

  int corner(int bits, int k) const { return offset[k] + step[bits]; }

  T slope_of(int axis, int k, T slope) const {
    return inside[axis][k] != 0 ? slope : T(0);
  }

  void fill(int axis, const SourceAxis& source, const double* coordinates) {
    if (axis == 0) std::fill(offset, offset + this->count, 0);
    fill_axis(source, coordinates, offset, this->fraction[axis], inside[axis]);
  }

  // Its offset is that of coordinate 0 already.
  void set_nan(int axis, int k, const SourceAxis&) {
    this->fraction[axis][k] = std::numeric_limits<T>::quiet_NaN();
    inside[axis][k] = 1;
  }

 private:
  void fill_axis(const SourceAxis& source, const double* coordinates,
                 int* __restrict to_offset, T* __restrict to_fraction,
                 int* __restrict to_inside) const {
    const double last = source.size - 1;
    const int last_low = std::max(source.size - 2, 0), stride = source.stride;
    for (int k = 0; k < this->count; ++k) {
      const double given = coordinates[k];
      double position = given > 0 ? given : 0;
      position = position < last ? position : last;
      const int low = std::min(static_cast<int>(position), last_low);
      to_offset[k] += low * stride;
      to_fraction[k] = static_cast<T>(position - low);
      to_inside[k] = (given >= 0) & (given < last);
    }
  }
};

// A pixel with one NaN coordinate is NaN in everything, in its slopes along the other
// axes too.
template <typename T, int dims>
void spread_nan(ChunkBase<T, dims>& chunk) {
  for (int k = 0; k < chunk.count; ++k) {
    T sum = 0;
    for (int axis = 0; axis < dims; ++axis) sum += chunk.fraction[axis][k];
    if (sum != sum)
      for (int axis = 0; axis < dims; ++axis) chunk.fraction[axis][k] = sum;
  }
}

template <typename T, int dims, Border border, typename Interpolation,
          typename Coordinates>
void make_chunk(const Coordinates& coordinates, const Geometry& geometry,
                ptrdiff_t start, int count,
                Chunk<T, dims, border, Interpolation>& chunk) {
  chunk.start = start;
  chunk.count = count;
  double along[dims][CHUNK_PIXELS];
  for (int done = 0; done < count;) {
    const OutputIndex<dims> at(start + done, geometry);
    const int length = static_cast<int>(
        std::min<ptrdiff_t>(geometry.out_size(0) - at.index[0], count - done));
    for (int axis = 0; axis < dims; ++axis)
      coordinates.write(axis, at, length, along[axis] + done);
    done += length;
  }
  bool any_nan = false;
  for (int axis = 0; axis < dims; ++axis) {
    const SourceAxis source(geometry, axis);
    chunk.fill(axis, source, along[axis]);
    int nans = 0;
    for (int k = 0; k < count; ++k) nans += along[axis][k] != along[axis][k];
    if (nans == 0) continue;
    any_nan = true;
    for (int k = 0; k < count; ++k)
      if (along[axis][k] != along[axis][k]) chunk.set_nan(axis, k, source);
  }
  if (any_nan) spread_nan<T, dims>(chunk);
}

inline ptrdiff_t chunks_of(ptrdiff_t pixels) {
  return (pixels + CHUNK_PIXELS - 1) / CHUNK_PIXELS;
}

inline int chunk_count(ptrdiff_t chunk_number, ptrdiff_t pixels) {
  const ptrdiff_t start = chunk_number * CHUNK_PIXELS;
  return static_cast<int>(std::min<ptrdiff_t>(CHUNK_PIXELS, pixels - start));
}

}  // namespace stn

#endif  // STN_PORTABLE_TAPS_H
