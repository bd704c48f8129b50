// Tiles at work: the forward pass and the gradient with respect to theta.
#ifndef STN_AVX512_SAMPLING_H
#define STN_AVX512_SAMPLING_H

#include "avx512/tiles.h"

namespace stn {
namespace fast {

// The rest of `fraction` of a, and `fraction` of b: exact where the fraction is 0 or 1.
inline __m512 lerp(__m512 fraction, __m512 a, __m512 b) {
  const __m512 rest = _mm512_sub_ps(_mm512_set1_ps(1), fraction);
  return _mm512_fmadd_ps(fraction, b, _mm512_mul_ps(rest, a));
}

// What one image needs: its own planes of all arrays, and its map.
struct Item {
  const float* images;
  AffineMap<2> map;
  Plane in, out;
  ptrdiff_t channels;
};

template <typename Reader>
void sample_block(const Item& item, int block, float* output) {
  const Ahead ahead(item.map, item.in, item.out);
  const ptrdiff_t group = channel_group(item.in, item.channels);
  const int columns = item.out.columns, stop = item.out.block_stop(block);
  TileList<Reader> list;
  for (ptrdiff_t start = 0; start < item.channels; start += group) {
    const ptrdiff_t group_stop = std::min(start + group, item.channels);
    for (int first = item.out.block_start(block); first < stop; first += list.count) {
      list.template fill<false>(item.map, item.in, item.out, first, stop);
      for (ptrdiff_t channel = start; channel < group_stop; ++channel) {
        const float* image = item.images + channel * item.in.pixels();
        float* target = output + channel * item.out.pixels();
        for (int t = 0; t < list.count; ++t) {
          const Tile<Reader>& tile = list.tile[t];
          ahead.prefetch_source(tile.reader, image, t);
          const Neighbours near = tile.reader.read(image, item.in.columns);
          store_tile(
              target + tile.output, columns,
              lerp(tile.fraction_y, lerp(tile.fraction_x, near.value[0], near.value[1]),
                   lerp(tile.fraction_x, near.value[2], near.value[3])));
        }
      }
    }
  }
}

// Adds the output's gradient times the slopes along x and y, in source pixels.
inline void add_slopes(const Neighbours& near, __m512 gradient, __m512 fraction_x,
                       __m512 fraction_y, __m512* slope_x, __m512* slope_y) {
  const __m512 top = _mm512_sub_ps(near.value[1], near.value[0]);
  const __m512 left = _mm512_sub_ps(near.value[2], near.value[0]);
  const __m512 twist = _mm512_sub_ps(_mm512_sub_ps(near.value[3], near.value[2]), top);
  *slope_x =
      _mm512_fmadd_ps(gradient, _mm512_fmadd_ps(fraction_y, twist, top), *slope_x);
  *slope_y =
      _mm512_fmadd_ps(gradient, _mm512_fmadd_ps(fraction_x, twist, left), *slope_y);
}

// ---- theta

// Sums over a list's tiles of the slopes along x and y: times the output column and
// row, counted from the centre, and plain.
struct SlopeSums {
  __m512 sum[6];

  SlopeSums() {
    for (int entry = 0; entry < 6; ++entry) sum[entry] = _mm512_setzero_ps();
  }

  template <typename Reader>
  void add(const Tile<Reader>& tile, __m512 slope_x, __m512 slope_y,
           const AffineMap<2>& map) {
    const __m512 column =
        _mm512_add_ps(lane_columns(),
                      _mm512_set1_ps(static_cast<float>(tile.column - map.centre[0])));
    const __m512 row = _mm512_add_ps(
        lane_rows(), _mm512_set1_ps(static_cast<float>(tile.row - map.centre[1])));
    add_axis(sum, _mm512_maskz_mov_ps(tile.inside_x, slope_x), column, row);
    add_axis(sum + 3, _mm512_maskz_mov_ps(tile.inside_y, slope_y), column, row);
  }

  void add_to(double* total) const {
    for (int entry = 0; entry < 6; ++entry)
      total[entry] += _mm512_reduce_add_ps(sum[entry]);
  }

 private:
  static void add_axis(__m512* sum, __m512 slope, __m512 column, __m512 row) {
    sum[0] = _mm512_fmadd_ps(slope, column, sum[0]);
    sum[1] = _mm512_fmadd_ps(slope, row, sum[1]);
    sum[2] = _mm512_add_ps(sum[2], slope);
  }
};

// Adds to `total` (2 x 3) what the output tiles of one block give.
template <typename Reader>
void add_block_to_theta(const Item& item, int block, const float* grad_output,
                        double* total) {
  const Ahead ahead(item.map, item.in, item.out);
  const ptrdiff_t group = channel_group(item.in, item.channels);
  const int columns = item.out.columns, stop = item.out.block_stop(block);
  TileList<Reader> list;
  __m512 slope_x[LIST_TILES], slope_y[LIST_TILES];
  for (ptrdiff_t start = 0; start < item.channels; start += group) {
    const ptrdiff_t group_stop = std::min(start + group, item.channels);
    for (int first = item.out.block_start(block); first < stop; first += list.count) {
      list.template fill<true>(item.map, item.in, item.out, first, stop);
      for (int t = 0; t < list.count; ++t)
        slope_x[t] = slope_y[t] = _mm512_setzero_ps();
      for (ptrdiff_t channel = start; channel < group_stop; ++channel) {
        const float* image = item.images + channel * item.in.pixels();
        const float* gradients = grad_output + channel * item.out.pixels();
        for (int t = 0; t < list.count; ++t) {
          const Tile<Reader>& tile = list.tile[t];
          ahead.prefetch_source(tile.reader, image, t);
          ahead.prefetch_tile(gradients, tile.output, t);
          add_slopes(tile.reader.read(image, item.in.columns),
                     load_tile(gradients + tile.output, columns), tile.fraction_x,
                     tile.fraction_y, &slope_x[t], &slope_y[t]);
        }
      }
      SlopeSums sums;
      for (int t = 0; t < list.count; ++t)
        sums.add(list.tile[t], slope_x[t], slope_y[t], item.map);
      sums.add_to(total);
    }
  }
}

}  // namespace fast
}  // namespace stn

#endif  // STN_AVX512_SAMPLING_H
