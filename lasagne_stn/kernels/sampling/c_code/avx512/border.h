// What the border pixels gain from output pixels that lie outside of the image.
//
// A coordinate beyond an edge reads the edge pixel; one less than a pixel beyond reads
// it in part. So along each axis, outside of the edge lies a weight of clamp(distance
// to the edge, 0, 1), which belongs to the edge's line of pixels, spread along the line
// by the hat function of the other coordinate; and beyond both edges of a corner, to
// the corner pixel.
//
// Many output pixels add to one border pixel. Each border pixel has a sum of sixteen
// lanes, one for each pixel of a tile, so that a tile adds to it without a reduction;
// the lanes are added up at the end.
#ifndef STN_AVX512_BORDER_H
#define STN_AVX512_BORDER_H

#include "avx512/image_gradient.h"

namespace stn {
namespace fast {

// The sums of the lanes of sixteen registers.
inline __m512 lane_sums(const float* registers) {
  __m512 pairs[8], quads[4];
  for (int k = 0; k < 8; ++k) {
    const __m512 a = _mm512_load_ps(registers + 32 * k);
    const __m512 b = _mm512_load_ps(registers + 32 * k + 16);
    pairs[k] = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
  }
  for (int k = 0; k < 4; ++k)
    quads[k] = _mm512_add_ps(_mm512_shuffle_ps(pairs[2 * k], pairs[2 * k + 1], 0x44),
                             _mm512_shuffle_ps(pairs[2 * k], pairs[2 * k + 1], 0xEE));
  const __m512 one = _mm512_add_ps(_mm512_shuffle_f32x4(quads[0], quads[1], 0x88),
                                   _mm512_shuffle_f32x4(quads[0], quads[1], 0xDD));
  const __m512 other = _mm512_add_ps(_mm512_shuffle_f32x4(quads[2], quads[3], 0x88),
                                     _mm512_shuffle_f32x4(quads[2], quads[3], 0xDD));
  return _mm512_add_ps(_mm512_shuffle_f32x4(one, other, 0x88),
                       _mm512_shuffle_f32x4(one, other, 0xDD));
}

const int LANES = 16;
const int BORDER_CHANNELS = 4;  // at a time
const int LINE_PADDING = 48;    // pixels: a tile's span, and a register of pixels

class BorderSums {
 public:
  // Floats of memory, aligned to 64 bytes and zero. It is zero again after use.
  static size_t memory_size(const Plane& in, ptrdiff_t channels) {
    return static_cast<size_t>(channel_size(in) *
                               std::min<ptrdiff_t>(BORDER_CHANNELS, channels));
  }

  BorderSums(const Item& item, float* memory) : item_(item) {
    const int sizes[2] = {item.in.columns, item.in.rows};
    float* next = memory;
    for (int axis = 0; axis < 2; ++axis) {
      const double* step = item.map.step[axis];
      lanes_[axis] = lane_steps(step);
      low_[axis] = (TILE - 1) * low_end(step[0], step[1]);
      high_[axis] = -(TILE - 1) * low_end(-step[0], -step[1]);
      last_[axis] = sizes[axis] - 1;
      span_[axis] = static_cast<int>(std::ceil((TILE - 1) * reach(step) + 1e-4)) + 2;
    }
    for (int axis = 0; axis < 2; ++axis)
      for (int side = 0; side < 2; ++side) {
        Line& line = line_[axis][side];
        line.sums = next;
        line.size = sizes[1 - axis];
        next += LANES * (line.size + LINE_PADDING);
      }
  }

  // Does any output pixel lie outside of the image?
  bool any() const {
    const AffineMap<2>& map = item_.map;
    for (int axis = 0; axis < 2; ++axis) {
      const double spread = std::fabs(map.step[axis][0]) * map.centre[0] +
                            std::fabs(map.step[axis][1]) * map.centre[1];
      if (map.origin[axis] - spread < 0 || map.origin[axis] + spread > last_[axis])
        return true;
    }
    return false;
  }

  void add_all(const float* grad_output, float* grad_images) {
    for (ptrdiff_t channel = 0; channel < item_.channels; channel += BORDER_CHANNELS) {
      const float* from = grad_output + channel * item_.out.pixels();
      float* to = grad_images + channel * item_.in.pixels();
      switch (item_.channels - channel) {
        case 1: add<1>(from, to); break;
        case 2: add<2>(from, to); break;
        case 3: add<3>(from, to); break;
        default: add<BORDER_CHANNELS>(from, to);
      }
    }
  }

 private:
  // For so many planes.
  template <int channels>
  void add(const float* grad_output, float* grad_images) {
    const Plane& out = item_.out;
    for (int axis = 0; axis < 2; ++axis)
      for (int side = 0; side < 2; ++side) line_[axis][side].clear();
    std::memset(corner_, 0, sizeof(corner_));
    for (int tile_row = 0; tile_row < out.tile_rows(); ++tile_row) {
      const int row = out.first_row(tile_row);
      const RowCoordinates x(item_.map, 0, row), y(item_.map, 1, row);
      for (int tile = 0; tile < out.tiles_per_row(); tile += EIGHT) {
        const EightTiles eight(*this, x.of_tiles(out, tile), y.of_tiles(out, tile),
                               out.tiles_per_row() - tile);
        for (unsigned left = eight.any; left; left &= left - 1) {
          const int t = __builtin_ctz(left);
          const int column = out.first_column(tile + t);
          const float* from = grad_output + static_cast<ptrdiff_t>(row) * out.columns;
          __m512 gradient[channels];
          for (int channel = 0; channel < channels; ++channel)
            gradient[channel] = _mm512_maskz_mov_ps(
                out.own_lanes(tile_row, tile + t),
                load_tile(from + channel * out.pixels() + column, out.columns));
          add_tile<channels>(eight, t, gradient);
        }
      }
    }
    for (int channel = 0; channel < channels; ++channel)
      finish(channel, grad_images + channel * item_.in.pixels());
  }

  struct Line {
    float* sums;          // of the first channel
    int size;             // pixels
    int lowest, highest;  // that were added to
    void clear() { lowest = size + LINE_PADDING, highest = -1; }
  };

  // Where eight tiles of a row begin, and which of them, as bits, reach beyond the low
  // and the high end of each axis.
  struct EightTiles {
    alignas(64) double first[2][EIGHT];
    unsigned beyond[2][2], any;

    EightTiles(const BorderSums& sums, __m512d x, __m512d y, int count) : any(0) {
      const unsigned real = count < EIGHT ? (1u << count) - 1 : 0xff;
      for (int axis = 0; axis < 2; ++axis) {
        const __m512d start = axis == 0 ? x : y;
        _mm512_store_pd(first[axis], start);
        beyond[axis][0] =
            _mm512_cmp_pd_mask(start, _mm512_set1_pd(-sums.low_[axis]), _CMP_LT_OQ);
        beyond[axis][1] = _mm512_cmp_pd_mask(
            start, _mm512_set1_pd(sums.last_[axis] - sums.high_[axis]), _CMP_GT_OQ);
        any |= (beyond[axis][0] | beyond[axis][1]) & real;
      }
    }
  };

  static ptrdiff_t channel_size(const Plane& in) {
    return LANES *
           (2 * (static_cast<ptrdiff_t>(in.rows) + in.columns) + 4 * LINE_PADDING);
  }

  static __m512 limited_to_one(__m512 weight) {
    return _mm512_min_ps(_mm512_max_ps(weight, _mm512_setzero_ps()), _mm512_set1_ps(1));
  }

  template <int channels>
  void add_tile(const EightTiles& eight, int t, const __m512* gradient) {
    const unsigned bit = 1u << t;
    __m512 weight[2][2];
    for (int axis = 0; axis < 2; ++axis) {
      const double first = eight.first[axis][t];
      const __m512 before = _mm512_set1_ps(static_cast<float>(-first));
      const __m512 beyond = _mm512_set1_ps(static_cast<float>(first - last_[axis]));
      weight[axis][0] = limited_to_one(_mm512_sub_ps(before, lanes_[axis]));
      weight[axis][1] = limited_to_one(_mm512_add_ps(beyond, lanes_[axis]));
      for (int side = 0; side < 2; ++side)
        if (eight.beyond[axis][side] & bit)
          add_to_line<channels>(axis, side, eight.first[1 - axis][t],
                                weight[axis][side], gradient);
    }
    for (int y_side = 0; y_side < 2; ++y_side)
      for (int x_side = 0; x_side < 2; ++x_side) {
        if (!(eight.beyond[0][x_side] & eight.beyond[1][y_side] & bit)) continue;
        const __m512 both = _mm512_mul_ps(weight[0][x_side], weight[1][y_side]);
        for (int channel = 0; channel < channels; ++channel) {
          __m512& corner = corner_[channel][y_side][x_side];
          corner = _mm512_fmadd_ps(gradient[channel], both, corner);
        }
      }
  }

  // The line crosses `axis` at its end `side`; `along` is the tile's first coordinate
  // on the other axis, along the line.
  template <int channels>
  void add_to_line(int axis, int side, double along, __m512 weight,
                   const __m512* gradient) {
    Line& line = line_[axis][side];
    const int other = 1 - axis;
    const double lowest = std::floor(along + low_[other]);
    const int base = static_cast<int>(std::min(std::max(lowest, 0.0), last_[other]));
    const int span = span_[other];
    const ptrdiff_t stride = channel_size(item_.in);
    __m512 distance =
        _mm512_add_ps(lanes_[other], _mm512_set1_ps(static_cast<float>(along - base)));
    float* sums = line.sums + LANES * base;
    for (int pixel = 0; pixel < span; ++pixel, sums += LANES) {
      const __m512 share = _mm512_mul_ps(weight, hat(distance));
      for (int channel = 0; channel < channels; ++channel) {
        float* sum = sums + channel * stride;
        _mm512_store_ps(sum,
                        _mm512_fmadd_ps(gradient[channel], share, _mm512_load_ps(sum)));
      }
      distance = _mm512_sub_ps(distance, _mm512_set1_ps(1));
    }
    line.lowest = std::min(line.lowest, base);
    line.highest = std::max(line.highest, base + span - 1);
  }

  // Adds the lanes up, and the sums to the image. Leaves zeros.
  void finish(ptrdiff_t channel, float* image) {
    const ptrdiff_t steps[2] = {item_.in.columns, 1};  // along a line across the axis
    const ptrdiff_t ends[2] = {item_.in.columns - 1,
                               item_.in.pixels() - item_.in.columns};
    for (int axis = 0; axis < 2; ++axis)
      for (int side = 0; side < 2; ++side)
        finish_line(line_[axis][side], channel * channel_size(item_.in),
                    image + side * ends[axis], steps[axis]);
    for (int y_side = 0; y_side < 2; ++y_side)
      for (int x_side = 0; x_side < 2; ++x_side)
        image[x_side * ends[0] + y_side * ends[1]] +=
            _mm512_reduce_add_ps(corner_[channel][y_side][x_side]);
  }

  static void finish_line(const Line& line, ptrdiff_t offset, float* image,
                          ptrdiff_t step) {
    for (int start = line.lowest; start <= line.highest; start += LANES) {
      float* sums = line.sums + offset + LANES * start;
      float total[LANES];
      _mm512_storeu_ps(total, lane_sums(sums));
      const int stop = std::min(LANES, line.size - start);
      for (int k = 0; k < stop; ++k) image[(start + k) * step] += total[k];
      std::memset(sums, 0, LANES * LANES * sizeof(float));
    }
  }

  const Item& item_;
  __m512 lanes_[2];
  double low_[2], high_[2], last_[2];
  int span_[2];
  Line line_[2][2];  // of each axis: at its low end, at its high end
  __m512 corner_[BORDER_CHANNELS][2][2];
};

}  // namespace fast
}  // namespace stn

#endif  // STN_AVX512_BORDER_H
