// What the fast path is asked to do, and by which reader each image is served.
#ifndef STN_AVX512_CALL_H
#define STN_AVX512_CALL_H

#include "coordinates.h"
#include "avx512/sampling.h"

namespace stn {
namespace fast {

enum ReaderKind { WINDOW_READER, PAIR_READER, PORTABLE };

// All comparisons are false for NaN.
inline ReaderKind reader_of(const Item& item) {
  const double far = 1e6;  // pixels
  const double* origin = item.map.origin;
  if (!(std::fabs(origin[0]) < far && std::fabs(origin[1]) < far)) return PORTABLE;
  if (WindowReader::fits(item.map, item.in)) return WINDOW_READER;
  return PairReader::fits(item.map, item.in) ? PAIR_READER : PORTABLE;
}

// Everything about one call that does not depend on the item.
struct Call {
  const Geometry& geometry;
  const float *images, *theta;
  const Plane in, out;

  Call(const float* images_, const float* theta_, const Geometry& geometry_)
      : geometry(geometry_),
        images(images_),
        theta(theta_),
        in(geometry_.in),
        out(geometry_.out) {}

  static bool serves(const Geometry& geometry) {
    return geometry.out[0] >= TILE && geometry.out[1] >= TILE && geometry.channels > 0;
  }

  ptrdiff_t first_plane(ptrdiff_t number) const { return number * geometry.channels; }

  // Some channels of one image.
  Item item(ptrdiff_t number, ptrdiff_t first_channel, ptrdiff_t channels) const {
    const Item item = {images + (first_plane(number) + first_channel) * in.pixels(),
                       AffineMap<2>(theta + number * 6, geometry), in, out, channels};
    return item;
  }

  AffineCoordinates<float, 2> coordinates(ptrdiff_t number) const {
    return AffineCoordinates<float, 2>(theta + number * 6, geometry);
  }

  // A block's output pixels, for the portable kernel.
  ptrdiff_t first_pixel(int block) const {
    return std::min(static_cast<ptrdiff_t>(block) * BLOCK_ROWS * TILE * out.columns,
                    out.pixels());
  }
  ptrdiff_t stop_pixel(int block) const {
    return block + 1 < out.blocks() ? first_pixel(block + 1) : out.pixels();
  }
};

}  // namespace fast
}  // namespace stn

#endif  // STN_AVX512_CALL_H
