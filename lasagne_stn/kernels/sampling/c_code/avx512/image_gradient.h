// The gradient with respect to the images, in tiles: gathered instead of scattered.
//
// Each source pixel looks for the output pixels that read it. Through the inverse map
// it finds the few candidates round its own place, and takes from each its gradient
// times two hat functions, max(0, 1 - |distance|) along x and y: the same weights with
// which the candidate read it. So every pixel is written once, nothing needs to be
// zeroed, and no two threads meet. The candidates of a 4 x 4 tile of source pixels are
// looked up in a window of 8 x 8 output pixels held in registers (see avx512/tiles.h).
//
// That leaves the output pixels that lie outside of the image, wholly or with one
// neighbour: what they read from outside came from the border pixels. It is summed
// separately, for each of the four edges, by BorderSums.
#ifndef STN_AVX512_IMAGE_GRADIENT_H
#define STN_AVX512_IMAGE_GRADIENT_H

#include "avx512/sampling.h"

namespace stn {
namespace fast {

// max(0, 1 - |distance|)
inline __m512 hat(__m512 distance) {
  const __m512 one = _mm512_set1_ps(1);
  const int smaller_magnitude = 0xA;  // of the two, without its sign
  return _mm512_sub_ps(one, _mm512_range_ps(distance, one, smaller_magnitude));
}

// From source pixels back to output pixels.
struct Inverse {
  AffineMap<2> map;
  int candidates[2];  // along columns and rows of the output
  bool fits;

  Inverse(const AffineMap<2>& forward, const Plane& in, const Plane& out)
      : map(forward), fits(false) {
    const auto& step = forward.step;
    const double determinant = step[0][0] * step[1][1] - step[0][1] * step[1][0];
    // Where the image shrinks by more, most source pixels would look in vain.
    const double most_shrinking = 6;
    if (!(std::fabs(determinant) > 1e-3 && std::fabs(determinant) < most_shrinking))
      return;
    map.step[0][0] = step[1][1] / determinant;
    map.step[0][1] = -step[0][1] / determinant;
    map.step[1][0] = -step[1][0] / determinant;
    map.step[1][1] = step[0][0] / determinant;
    for (int axis = 0; axis < 2; ++axis) {
      map.origin[axis] = forward.centre[axis];
      map.centre[axis] = forward.origin[axis];
    }
    fits = in.rows >= TILE && in.columns >= TILE && out.rows >= WINDOW &&
           out.columns >= WINDOW && reach(map.step[0]) <= 2 && reach(map.step[1]) <= 2;
    // An output pixel reads a source pixel from less than one pixel away along x and
    // y, so it lies less than `reach` away from the source pixel's own place.
    for (int axis = 0; axis < 2; ++axis)
      candidates[axis] =
          std::max(1, static_cast<int>(std::ceil(2 * reach(map.step[axis]))));
  }
};

// The candidates of sixteen source pixels along one axis of the output.
struct Candidates {
  __m512 distance;  // from the source pixel's place to the first candidate
  __m512i index;    // of the first candidate, from the window's base

  Candidates(__m512 coordinate, int count) {
    __m512 first =
        _mm512_roundscale_ps(_mm512_sub_ps(coordinate, _mm512_set1_ps(0.5f * count)),
                             _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC);
    // Where the place is half a pixel, its rounding may leave the window by one: the
    // window's base was rounded in double precision. Weights follow the distance.
    const int group = count == 4 ? 2 : count;
    first = _mm512_min_ps(_mm512_max_ps(first, _mm512_setzero_ps()),
                          _mm512_set1_ps(static_cast<float>(WINDOW - group)));
    distance = _mm512_sub_ps(first, coordinate);
    index = _mm512_cvtps_epi32(first);
  }

  // Where the candidate `on` further is a pixel of the window. Windows are moved only
  // at the edges of the plane: a candidate that is not in the window does not exist.
  __mmask16 exist(int on) const {
    return _mm512_cmplt_epu32_mask(_mm512_add_epi32(index, _mm512_set1_epi32(on)),
                                   _mm512_set1_epi32(WINDOW));
  }
};

// A tile of source pixels, with NJ x NI candidates along columns and rows. Four
// candidates of all the tile's pixels do not fit into one window. Then the third and
// fourth have a window of their own, two pixels further (less at the plane's edge).
template <int NJ, int NI>
struct GatherTile {
  static const int GROUP_J = NJ == 4 ? 2 : NJ, GROUP_I = NI == 4 ? 2 : NI;
  // So many that the list stays in the first-level cache.
  static const int LIST = NJ * NI <= 4 ? 64 : NJ * NI <= 9 ? 32 : 16;

  __m512 weight[NI][NJ];
  __m512i index;
  int base, shift_j, shift_i, target;

  void set(__m512 coordinate_j, __m512 coordinate_i, const AffineMap<2>& map) {
    const Candidates j(coordinate_j, NJ), i(coordinate_i, NI);
    index = _mm512_add_epi32(_mm512_slli_epi32(i.index, 3), j.index);
    for (int row = 0; row < NI; ++row) {
      const __mmask16 row_exists = i.exist(row - shift_of(row, NI, shift_i));
      const __m512 distance_i = _mm512_add_ps(i.distance, _mm512_set1_ps(row));
      for (int column = 0; column < NJ; ++column) {
        const __m512 distance_j = _mm512_add_ps(j.distance, _mm512_set1_ps(column));
        const __mmask16 exists =
            row_exists & j.exist(column - shift_of(column, NJ, shift_j));
        weight[row][column] =
            _mm512_maskz_mul_ps(exists, hat(apart(map.step[0], distance_j, distance_i)),
                                hat(apart(map.step[1], distance_j, distance_i)));
      }
    }
  }

  __m512 gather(const float* gradients, ptrdiff_t columns) const {
    __m512 sum = _mm512_setzero_ps();
    for (int group_i = 0; group_i < NI; group_i += GROUP_I)
      for (int group_j = 0; group_j < NJ; group_j += GROUP_J) {
        const int down = shift_of(group_i, NI, shift_i);
        const int right = shift_of(group_j, NJ, shift_j);
        const Table table(gradients + base + down * columns + right, columns);
        for (int row = group_i; row < group_i + GROUP_I; ++row)
          for (int column = group_j; column < group_j + GROUP_J; ++column)
            sum =
                _mm512_fmadd_ps(weight[row][column],
                                table.look_up(index, row - down, column - right), sum);
      }
    return sum;
  }

  STN_PREFETCHING void prefetch_ahead(const float* plane, ptrdiff_t columns,
                                      ptrdiff_t ahead) const {
    prefetch_window(plane, base + ahead, columns);
  }

 private:
  static int shift_of(int candidate, int candidates, int shift) {
    return candidates == 4 && candidate >= 2 ? shift : 0;
  }

  // Source pixels between a candidate's coordinate and the source pixel.
  static __m512 apart(const double* step, __m512 distance_j, __m512 distance_i) {
    return _mm512_fmadd_ps(
        distance_j, _mm512_set1_ps(static_cast<float>(step[0])),
        _mm512_mul_ps(distance_i, _mm512_set1_ps(static_cast<float>(step[1]))));
  }
};

template <int NJ, int NI>
struct GatherList {
  GatherTile<NJ, NI> tile[GatherTile<NJ, NI>::LIST];
  int empty[GatherTile<NJ, NI>::LIST];  // offsets of tiles nothing is read from
  int count, empty_count, taken;

  void fill(const Item& item, const Inverse& inverse, int first, int stop) {
    const AffineMap<2>& map = inverse.map;
    const double low_j =
        (TILE - 1) * low_end(map.step[0][0], map.step[0][1]) - 0.5 * NJ;
    const double low_i =
        (TILE - 1) * low_end(map.step[1][0], map.step[1][1]) - 0.5 * NI;
    const __m512 lanes_j = lane_steps(map.step[0]), lanes_i = lane_steps(map.step[1]);
    const int per_row = item.in.tiles_per_row();
    const int most = GatherTile<NJ, NI>::LIST;
    const int wanted = std::min(most, stop - first);
    count = empty_count = 0;
    for (taken = 0; taken < wanted;) {
      const int tile_row = (first + taken) / per_row;
      const int first_tile = (first + taken) % per_row;
      const int run = std::min(per_row - first_tile, wanted - taken);
      const int row = item.in.first_row(tile_row);
      Windows j, i;
      j.locate<true>(RowCoordinates(map, 0, row), item.in, first_tile, run, low_j,
                     item.out.columns, WINDOW);
      i.locate<true>(RowCoordinates(map, 1, row), item.in, first_tile, run, low_i,
                     item.out.rows, WINDOW);
      for (int t = 0; t < run; ++t, ++taken) {
        const int target = row * item.in.columns + item.in.first_column(first_tile + t);
        if (is_empty(j.relative[t], low_j) || is_empty(i.relative[t], low_i)) {
          empty[empty_count++] = target;
          continue;
        }
        GatherTile<NJ, NI>& made = tile[count++];
        made.base = i.base[t] * item.out.columns + j.base[t];
        made.target = target;
        made.shift_j = j.second_base[t] - j.base[t];
        made.shift_i = i.second_base[t] - i.base[t];
        made.set(_mm512_add_ps(lanes_j, _mm512_set1_ps(j.relative[t])),
                 _mm512_add_ps(lanes_i, _mm512_set1_ps(i.relative[t])), item.map);
      }
    }
  }

 private:
  // No candidate lies in the window, not even in the second one at the plane's edge.
  static bool is_empty(float relative, double low) {
    const double span = 2 * (TILE - 1) * 2 + 4;  // at least what a tile can cover
    return relative + low > WINDOW + 2 || relative + low + span < 0;
  }
};

template <int NJ, int NI>
void gather_block(const Item& item, const Inverse& inverse, int block,
                  const float* grad_output, float* grad_images) {
  const int stop = item.in.block_stop(block);
  const Ahead ahead(inverse.map, item.out, item.in);
  GatherList<NJ, NI> list;
  for (int first = item.in.block_start(block); first < stop; first += list.taken) {
    list.fill(item, inverse, first, stop);
    for (ptrdiff_t channel = 0; channel < item.channels; ++channel) {
      const float* gradients = grad_output + channel * item.out.pixels();
      float* target = grad_images + channel * item.in.pixels();
      for (int t = 0; t < list.count; ++t) {
        const GatherTile<NJ, NI>& tile = list.tile[t];
        ahead.prefetch_source(tile, gradients, t);
        store_tile(target + tile.target, item.in.columns,
                   tile.gather(gradients, item.out.columns));
      }
      for (int t = 0; t < list.empty_count; ++t)
        store_tile(target + list.empty[t], item.in.columns, _mm512_setzero_ps());
    }
  }
}

template <int NJ>
void gather_block(const Item& item, const Inverse& inverse, int block,
                  const float* grad_output, float* grad_images) {
  switch (inverse.candidates[1]) {
    case 1: return gather_block<NJ, 1>(item, inverse, block, grad_output, grad_images);
    case 2: return gather_block<NJ, 2>(item, inverse, block, grad_output, grad_images);
    case 3: return gather_block<NJ, 3>(item, inverse, block, grad_output, grad_images);
    default: return gather_block<NJ, 4>(item, inverse, block, grad_output, grad_images);
  }
}

inline void gather_block(const Item& item, const Inverse& inverse, int block,
                         const float* grad_output, float* grad_images) {
  switch (inverse.candidates[0]) {
    case 1: return gather_block<1>(item, inverse, block, grad_output, grad_images);
    case 2: return gather_block<2>(item, inverse, block, grad_output, grad_images);
    case 3: return gather_block<3>(item, inverse, block, grad_output, grad_images);
    default: return gather_block<4>(item, inverse, block, grad_output, grad_images);
  }
}

}  // namespace fast
}  // namespace stn

#endif  // STN_AVX512_IMAGE_GRADIENT_H
