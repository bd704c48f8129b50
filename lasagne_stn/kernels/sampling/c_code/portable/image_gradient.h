// The gradient of sampling with respect to the images, for every case: the transpose of
// the forward pass, added up pixel by pixel. No two threads ever write to one place,
// and every sum has an order of its own, so the bits never depend on the threads.
#ifndef STN_PORTABLE_IMAGE_GRADIENT_H
#define STN_PORTABLE_IMAGE_GRADIENT_H

#include <cstring>

#include "portable/forward.h"

namespace stn {

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
    const ptrdiff_t wanted =
        4 * thread_count(geometry) / std::max<ptrdiff_t>(1, geometry.batch);
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
    part.channel_count =
        geometry_.channels * (group + 1) / groups_ - part.first_channel;
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

// Can any pixel of a chunk, whose taps are at most `reach` away, touch the band? May
// say yes when none does.
template <typename T, int dims>
bool may_touch(const PointCoordinates<T, dims>&, const Geometry&, ptrdiff_t, int,
               Border, const Part&, int) {
  return true;
}

template <typename T, int dims>
bool may_touch(const AffineCoordinates<T, dims>& coordinates, const Geometry& geometry,
               ptrdiff_t start, int count, Border border, const Part& part, int reach) {
  const AffineMap<dims>& map = coordinates.map;
  const int slowest = dims - 1;
  const OutputIndex<dims> first(start, geometry), last(start + count - 1, geometry);
  double lowest = map.origin[slowest], highest = lowest;
  bool whole_axis = false;  // once the chunk spans two values along a slower axis
  for (int k = slowest; k >= 0; --k) {
    const double step = map.step[slowest][k];
    const ptrdiff_t from = whole_axis ? 0 : first.index[k];
    const ptrdiff_t to = whole_axis ? geometry.out_size(k) - 1 : last.index[k];
    const double one = step * (from - map.centre[k]),
                 other = step * (to - map.centre[k]);
    lowest += std::min(one, other);
    highest += std::max(one, other);
    whole_axis |= from != to;
  }
  const ptrdiff_t slice = geometry.in_pixels() / geometry.in[0];
  const double edge = static_cast<double>(geometry.in[0] - 1);
  const bool inside = lowest >= reach && highest <= edge - reach;
  if (!inside) {
    if (is_periodic(border) || !(lowest <= highest)) return true;  // NaN too
    lowest = std::max(0.0, std::min(lowest, edge));
    highest = std::max(0.0, std::min(highest, edge));
  }
  const double band_first = static_cast<double>(part.band_start / slice);
  const double band_last = static_cast<double>(part.band_stop / slice - 1);
  const double margin = reach + 0.5;
  return highest >= band_first - margin && lowest <= band_last + margin;
}

// The transpose of sample_chunk. If `banded`, for the source pixels of one band only.
template <bool banded, typename T, int dims, Border border, typename Interpolation>
inline void scatter_chunk(T* grad_image,
                          const Chunk<T, dims, border, Interpolation>& chunk,
                          const Part& part, const T* grad_output) {
  const int corners = Corners<Interpolation, dims>::COUNT;
  const bool may_miss = banded || border == BORDER_CONSTANT;
  const int start = static_cast<int>(part.band_start);
  const unsigned size = static_cast<unsigned>(part.band_stop - part.band_start);
  prefetch_chunk(grad_image, chunk);
  for (int k = 0; k < chunk.count; ++k) {
    T share[corners];
    share[0] = grad_output[chunk.start + k];
    Interpolation::split(chunk, k, share);
    for (int number = 0; number < corners; ++number) {
      const int offset = chunk.corner(number, k);  // OUTSIDE is in no band either
      if (!may_miss || static_cast<unsigned>(offset - start) < size)
        grad_image[offset] += share[number];
    }
  }
}

template <typename T, int dims, bool affine, Border border, typename Interpolation>
void fill_part(const T* coords, const T* grad_output, T* grad_images,
               const Geometry& geometry, const Part& part) {
  typedef typename CoordinatesOf<T, dims, affine>::type Coordinates;
  const ptrdiff_t in_pixels = geometry.in_pixels();
  const ptrdiff_t out_pixels = geometry.out_pixels();
  const Coordinates coordinates(coords + part.item * Coordinates::coords_size(geometry),
                                geometry);
  const ptrdiff_t first = part.item * geometry.channels + part.first_channel;
  const ptrdiff_t stop = first + part.channel_count;
  for (ptrdiff_t plane = first; plane < stop; ++plane)
    std::memset(grad_images + plane * in_pixels + part.band_start, 0,
                sizeof(T) * static_cast<size_t>(part.band_stop - part.band_start));
  for (ptrdiff_t number = 0; number < chunks_of(out_pixels); ++number) {
    const ptrdiff_t start = number * CHUNK_PIXELS;
    const int count = chunk_count(number, out_pixels);
    if (!may_touch(coordinates, geometry, start, count, border, part,
                   Interpolation::REACH))
      continue;
    Chunk<T, dims, border, Interpolation> chunk(geometry);
    make_chunk(coordinates, geometry, start, count, chunk);
    for (ptrdiff_t plane = first; plane < stop; ++plane) {
      T* grad_image = grad_images + plane * in_pixels;
      const T* gradient = grad_output + plane * out_pixels;
      if (part.band_stop - part.band_start < in_pixels)
        scatter_chunk<true>(grad_image, chunk, part, gradient);
      else
        scatter_chunk<false>(grad_image, chunk, part, gradient);
    }
  }
}

template <typename T, int dims, bool affine, Border border, typename Interpolation>
void image_gradient(const T* coords, const T* grad_output, T* grad_images,
                    const Geometry& geometry) {
  const Parts parts(geometry);
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic, 1) num_threads(thread_count(geometry))
#endif
  for (ptrdiff_t number = 0; number < parts.count(); ++number)
    fill_part<T, dims, affine, border, Interpolation>(coords, grad_output, grad_images,
                                                      geometry, parts.part(number));
}

}  // namespace stn

#endif  // STN_PORTABLE_IMAGE_GRADIENT_H
