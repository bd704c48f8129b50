// The fast path's foundation: output pixels in tiles of 4 x 4, sixteen float lanes of
// one AVX-512 register.
//
// The method. Bilinear sampling is slow because every pixel reads four neighbours from
// addresses of its own. But neighbouring output pixels read from neighbouring places:
// under an affine map a tile of 4 x 4 output pixels reads from a small parallelogram.
// If one output step moves less than 2 source pixels along each axis (summed over both
// directions), that parallelogram fits into a window of 8 x 8 source pixels. Such a
// window is 64 floats, four registers, fetched with eight plain loads. Then the
// sixteen pixels find their neighbours inside the registers: an instruction looks up
// sixteen lanes at once in a table of two registers, two of these and a blend search
// all 64 pixels. So a tile costs eight loads and twelve shuffles instead of sixty-four
// scattered loads. See WindowReader.
//
// Maps that reach further (a reduction by more than 2) keep the tiles, but read the two
// neighbours of each pixel along x with one load of 64 bits. See PairReader.
//
// Where a tile lies is computed in double precision, once per tile, relative to its
// window; inside the window single precision is exact to a millionth of a pixel, even
// in very large images. The coordinates that ought to be integers are.
//
// The border mode is "nearest": coordinates are clamped to the image, and the pair of
// neighbours to its last two pixels, so that a fraction may be exactly 1.
//
// Tiles are handled in lists, so that their coordinates serve for all channels. If the
// rows or columns are no multiple of 4, the last tile is moved back to overlap its
// neighbour: the overlap is written twice, by the same thread, and counted once.
#ifndef STN_AVX512_TILES_H
#define STN_AVX512_TILES_H

#include <immintrin.h>

#include <cstdint>
#include <cstring>

#include "geometry.h"

namespace stn {
namespace fast {

const int TILE = 4;         // pixels along each axis of a tile
const int WINDOW = 8;       // pixels along each axis of a window
const int LIST_TILES = 64;  // tiles whose coordinates are kept for all channels
const int BLOCK_ROWS = 8;   // rows of tiles that one thread takes at a time

inline double low_end(double a, double b) {
  return std::min(0.0, a) + std::min(0.0, b);
}
inline double reach(const double* step) {
  return std::fabs(step[0]) + std::fabs(step[1]);
}

// ---- lanes: number 4 * row + column of the tile

inline __m512 lane_columns() {
  return _mm512_setr_ps(0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3);
}

inline __m512 lane_rows() {
  return _mm512_setr_ps(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
}

// What a linear map adds to a coordinate, from the tile's first pixel to each other.
inline __m512 lane_steps(const double* step) {
  return _mm512_fmadd_ps(
      lane_rows(), _mm512_set1_ps(static_cast<float>(step[1])),
      _mm512_mul_ps(lane_columns(), _mm512_set1_ps(static_cast<float>(step[0]))));
}

inline __m512 load_tile(const float* from, ptrdiff_t columns) {
  __m512 tile = _mm512_castps128_ps512(_mm_loadu_ps(from));
  tile = _mm512_mask_broadcast_f32x4(tile, 0x00f0, _mm_loadu_ps(from + columns));
  tile = _mm512_mask_broadcast_f32x4(tile, 0x0f00, _mm_loadu_ps(from + 2 * columns));
  return _mm512_mask_broadcast_f32x4(tile, 0xf000, _mm_loadu_ps(from + 3 * columns));
}

inline void store_tile(float* to, ptrdiff_t columns, __m512 tile) {
  _mm_storeu_ps(to, _mm512_castps512_ps128(tile));
  _mm_storeu_ps(to + columns, _mm512_extractf32x4_ps(tile, 1));
  _mm_storeu_ps(to + 2 * columns, _mm512_extractf32x4_ps(tile, 2));
  _mm_storeu_ps(to + 3 * columns, _mm512_extractf32x4_ps(tile, 3));
}

// Prefetching never faults, so it may look beyond an array; hence no pointer sums.
STN_PREFETCHING void prefetch(const float* base, ptrdiff_t offset) {
  const uintptr_t address = reinterpret_cast<uintptr_t>(base) +
                            static_cast<uintptr_t>(offset) * sizeof(float);
  _mm_prefetch(reinterpret_cast<const char*>(address), _MM_HINT_T0);
}

// ---- the tiles that cover a plane

struct Plane {
  int rows, columns;
  Plane(const ptrdiff_t* sizes)
      : rows(static_cast<int>(sizes[0])), columns(static_cast<int>(sizes[1])) {}

  ptrdiff_t pixels() const { return static_cast<ptrdiff_t>(rows) * columns; }
  int tile_rows() const { return (rows + TILE - 1) / TILE; }
  int tiles_per_row() const { return (columns + TILE - 1) / TILE; }
  int first_row(int tile_row) const { return std::min(TILE * tile_row, rows - TILE); }
  int first_column(int tile) const { return std::min(TILE * tile, columns - TILE); }

  // Blocks of tile rows for the threads. The last block takes the tile row that
  // overlaps its neighbour, so that no two threads write to one pixel.
  int blocks() const {
    return std::max(1, (rows / TILE + BLOCK_ROWS - 1) / BLOCK_ROWS);
  }
  int block_start(int block) const { return block * BLOCK_ROWS * tiles_per_row(); }
  int block_stop(int block) const {
    return block + 1 < blocks() ? block_start(block + 1)
                                : tile_rows() * tiles_per_row();
  }

  // The lanes of a tile that its neighbours have not got already.
  __mmask16 own_lanes(int tile_row, int tile) const {
    const int taken_rows = TILE * tile_row - first_row(tile_row);
    const int taken_columns = TILE * tile - first_column(tile);
    return static_cast<__mmask16>((0xffff << (TILE * taken_rows)) &
                                  (0x1111 * (0xf << taken_columns & 0xf)));
  }
};

// ---- windows: where on the other side of a map the tiles of a row begin

const int EIGHT = 8;  // tiles at a time: the doubles of a register

// Coordinates along one axis, of the pixels of a row.
struct RowCoordinates {
  double start, step, centre;

  RowCoordinates(const AffineMap<2>& map, int axis, int row)
      : start(map.origin[axis] + map.step[axis][1] * (row - map.centre[1])),
        step(map.step[axis][0]),
        centre(map.centre[0]) {}

  // The coordinates of the first pixels of eight tiles.
  __m512d of_tiles(const Plane& plane, int first_tile) const {
    const __m256i column = _mm256_min_epi32(
        _mm256_add_epi32(_mm256_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28),
                         _mm256_set1_epi32(TILE * first_tile)),
        _mm256_set1_epi32(plane.columns - TILE));
    return _mm512_fmadd_pd(
        _mm512_set1_pd(step),
        _mm512_sub_pd(_mm512_cvtepi32_pd(column), _mm512_set1_pd(centre)),
        _mm512_set1_pd(start));
  }
};

// Along one axis, for consecutive tiles of a row.
struct Windows {
  // The first pixel of the window, kept within the plane; and counted from there, the
  // coordinate of the tile's first pixel and the last pixel of the plane.
  alignas(32) int base[LIST_TILES];
  alignas(32) float relative[LIST_TILES], last[LIST_TILES];
  // The first pixel of a second window that begins two pixels further, likewise kept.
  alignas(32) int second_base[LIST_TILES];

  // A window begins at (coordinate + margin), rounded down or up. Fills up the last
  // eight, whatever `count`.
  template <bool round_up>
  void locate(const RowCoordinates& row, const Plane& plane, int first_tile, int count,
              double margin, int size, int window) {
    const int direction = round_up ? _MM_FROUND_TO_POS_INF : _MM_FROUND_TO_NEG_INF;
    const __m512d largest = _mm512_set1_pd(size - window);
    for (int t = 0; t < count; t += EIGHT) {
      const __m512d coordinate = row.of_tiles(plane, first_tile + t);
      const __m512d start =
          _mm512_roundscale_pd(_mm512_add_pd(coordinate, _mm512_set1_pd(margin)),
                               direction | _MM_FROUND_NO_EXC);
      const __m512d whole = kept(start, largest);
      const __m512d second = kept(_mm512_add_pd(start, _mm512_set1_pd(2)), largest);
      store(base + t, _mm512_cvtpd_epi32(whole));
      store(second_base + t, _mm512_cvtpd_epi32(second));
      _mm256_store_ps(relative + t, _mm512_cvtpd_ps(_mm512_sub_pd(coordinate, whole)));
      _mm256_store_ps(last + t,
                      _mm512_cvtpd_ps(_mm512_sub_pd(_mm512_set1_pd(size - 1), whole)));
    }
  }

 private:
  static __m512d kept(__m512d start, __m512d largest) {
    return _mm512_min_pd(_mm512_max_pd(start, _mm512_setzero_pd()), largest);
  }
  static void store(int* to, __m256i eight) {
    _mm256_store_si256(reinterpret_cast<__m256i*>(to), eight);
  }
};

// ---- the two neighbours of sixteen pixels along one axis

struct AxisTaps {
  __m512 index;      // of the first neighbour, from the window's base
  __m512 fraction;   // weight of the second neighbour, 0 to 1
  __mmask16 inside;  // where the coordinate is not clamped: elsewhere the slope is 0

  AxisTaps(__m512 coordinate, __m512 last) {
    const __m512 zero = _mm512_setzero_ps();
    const __m512 clamped = _mm512_min_ps(_mm512_max_ps(coordinate, zero), last);
    index = _mm512_min_ps(
        _mm512_roundscale_ps(clamped, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC),
        _mm512_sub_ps(last, _mm512_set1_ps(1)));
    fraction = _mm512_sub_ps(clamped, index);
    inside = _mm512_cmp_ps_mask(coordinate, zero, _CMP_GE_OQ) &
             _mm512_cmp_ps_mask(coordinate, last, _CMP_LT_OQ);
  }
};

// The four neighbours of sixteen pixels: value[2 * y + x].
struct Neighbours {
  __m512 value[4];
};

// ---- a window of 8 x 8 pixels in four registers

struct Table {
  __m512 quarter[4];  // two rows each

  Table(const float* from, ptrdiff_t columns) {
    for (int q = 0; q < 4; ++q)
      quarter[q] = _mm512_insertf32x8(
          _mm512_castps256_ps512(_mm256_loadu_ps(from + 2 * q * columns)),
          _mm256_loadu_ps(from + (2 * q + 1) * columns), 1);
  }

  // index: 8 * row + column. Only its lowest six bits count.
  __m512 look_up(__m512i index) const {
    const __mmask16 lower_half =
        _mm512_test_epi32_mask(index, _mm512_set1_epi32(4 * WINDOW));
    return _mm512_mask_blend_ps(lower_half,
                                _mm512_permutex2var_ps(quarter[0], index, quarter[1]),
                                _mm512_permutex2var_ps(quarter[2], index, quarter[3]));
  }

  __m512 look_up(__m512i index, int rows_on, int columns_on) const {
    return look_up(
        _mm512_add_epi32(index, _mm512_set1_epi32(WINDOW * rows_on + columns_on)));
  }
};

// The lower half: the upper one was read for the tile above.
STN_PREFETCHING void prefetch_window(const float* plane, ptrdiff_t base,
                                     ptrdiff_t columns) {
  for (int row = TILE; row < 2 * TILE; ++row)
    prefetch(plane, base + row * columns + TILE - 1);
}

struct WindowReader {
  static const int SIZE = WINDOW;  // of the window that must lie within the plane
  __m512i index;
  int base;

  static bool fits(const AffineMap<2>& map, const Plane& in) {
    const double most = 2 - 1e-5;
    return in.rows >= WINDOW && in.columns >= WINDOW && reach(map.step[0]) <= most &&
           reach(map.step[1]) <= most;
  }

  // The last pixel that may be read: of the window, not of the plane.
  static float last(float) { return WINDOW - 1; }

  void set(const AxisTaps& x, const AxisTaps& y, int base_, int) {
    base = base_;
    index =
        _mm512_cvttps_epi32(_mm512_fmadd_ps(y.index, _mm512_set1_ps(WINDOW), x.index));
  }

  Neighbours read(const float* plane, ptrdiff_t columns) const {
    const Table table(plane + base, columns);
    const Neighbours found = {{table.look_up(index), table.look_up(index, 0, 1),
                               table.look_up(index, 1, 0), table.look_up(index, 1, 1)}};
    return found;
  }

  // `ahead` leads to the window of a tile some tile rows below.
  STN_PREFETCHING void prefetch_ahead(const float* plane, ptrdiff_t columns,
                                      ptrdiff_t ahead) const {
    prefetch_window(plane, base + ahead, columns);
  }
};

// ---- both neighbours along x in one load

// Of two registers, one after the other.
inline __m512i even_lanes() {
  return _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
}

// Eight pairs.
inline __m512 load_pairs(const float* from, const int* index) {
  __m128 two[4];
  for (int q = 0; q < 4; ++q) {
    double pair;
    std::memcpy(&pair, from + index[2 * q], sizeof(pair));
    two[q] = _mm_loadh_pi(_mm_castpd_ps(_mm_set_sd(pair)),
                          reinterpret_cast<const __m64*>(from + index[2 * q + 1]));
  }
  return _mm512_insertf32x8(
      _mm512_castps256_ps512(
          _mm256_insertf128_ps(_mm256_castps128_ps256(two[0]), two[1], 1)),
      _mm256_insertf128_ps(_mm256_castps128_ps256(two[2]), two[3], 1), 1);
}

struct PairReader {
  static const int SIZE = 2;
  alignas(64) int index[16];  // of the upper left neighbour, in the plane

  static bool fits(const AffineMap<2>& map, const Plane& in) {
    const double most = 8;  // further, single precision within a tile would be coarse
    return in.rows >= SIZE && in.columns >= SIZE && reach(map.step[0]) <= most &&
           reach(map.step[1]) <= most;
  }

  static float last(float last_of_plane) { return last_of_plane; }

  void set(const AxisTaps& x, const AxisTaps& y, int base, int columns) {
    const __m512i row =
        _mm512_mullo_epi32(_mm512_cvttps_epi32(y.index), _mm512_set1_epi32(columns));
    _mm512_store_si512(
        index, _mm512_add_epi32(_mm512_add_epi32(row, _mm512_cvttps_epi32(x.index)),
                                _mm512_set1_epi32(base)));
  }

  Neighbours read(const float* plane, ptrdiff_t columns) const {
    const __m512i even = even_lanes();
    const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
    Neighbours found;
    for (int y = 0; y < 2; ++y) {
      const __m512 one = load_pairs(plane + y * columns, index);
      const __m512 other = load_pairs(plane + y * columns, index + 8);
      found.value[2 * y] = _mm512_permutex2var_ps(one, even, other);
      found.value[2 * y + 1] = _mm512_permutex2var_ps(one, odd, other);
    }
    return found;
  }

  STN_PREFETCHING void prefetch_ahead(const float* plane, ptrdiff_t columns,
                                      ptrdiff_t ahead) const {
    for (int lane = 0; lane < 16; lane += 5) {
      prefetch(plane, index[lane] + ahead);
      prefetch(plane, index[lane] + ahead + columns);
    }
  }
};

// ---- lists of tiles with everything the channels share

template <typename Reader>
struct Tile {
  Reader reader;
  __m512 fraction_x, fraction_y;
  int output;  // offset of the first output pixel
  // For slopes:
  __mmask16 inside_x, inside_y;  // own pixels whose coordinate is not clamped
  int row, column;               // of the first output pixel
};

template <typename Reader>
struct TileList {
  Tile<Reader> tile[LIST_TILES];
  int count;

  // Takes the tiles from `first` on, numbered along rows, until `stop` or full. The
  // members that only slopes need are filled if `with_slopes`.
  template <bool with_slopes>
  void fill(const AffineMap<2>& map, const Plane& in, const Plane& out, int first,
            int stop) {
    const __m512 lanes_x = lane_steps(map.step[0]), lanes_y = lane_steps(map.step[1]);
    const double margin_x = (TILE - 1) * low_end(map.step[0][0], map.step[0][1]);
    const double margin_y = (TILE - 1) * low_end(map.step[1][0], map.step[1][1]);
    const int wanted = std::min(LIST_TILES, stop - first);
    const int per_row = out.tiles_per_row();
    for (count = 0; count < wanted;) {
      const int tile_row = (first + count) / per_row;
      const int first_tile = (first + count) % per_row;
      const int run = std::min(per_row - first_tile, wanted - count);
      const int row = out.first_row(tile_row);
      Windows x, y;
      x.locate<false>(RowCoordinates(map, 0, row), out, first_tile, run, margin_x,
                      in.columns, Reader::SIZE);
      y.locate<false>(RowCoordinates(map, 1, row), out, first_tile, run, margin_y,
                      in.rows, Reader::SIZE);
      for (int t = 0; t < run; ++t, ++count) {
        Tile<Reader>& made = tile[count];
        const AxisTaps taps_x(_mm512_add_ps(lanes_x, _mm512_set1_ps(x.relative[t])),
                              _mm512_set1_ps(Reader::last(x.last[t])));
        const AxisTaps taps_y(_mm512_add_ps(lanes_y, _mm512_set1_ps(y.relative[t])),
                              _mm512_set1_ps(Reader::last(y.last[t])));
        made.reader.set(taps_x, taps_y, y.base[t] * in.columns + x.base[t], in.columns);
        made.fraction_x = taps_x.fraction;
        made.fraction_y = taps_y.fraction;
        const int column = out.first_column(first_tile + t);
        made.output = row * out.columns + column;
        if (!with_slopes) continue;
        const __mmask16 own = out.own_lanes(tile_row, first_tile + t);
        made.inside_x = taps_x.inside & own;
        made.inside_y = taps_y.inside & own;
        made.row = row;
        made.column = column;
      }
    }
  }
};

// ---- what to prefetch from the planes that are read: the tiles one list further on

class Ahead {
 public:
  // Of a map from the tiles of `out` into `in`.
  Ahead(const AffineMap<2>& map, const Plane& in, const Plane& out)
      : in_(in),
        out_(out),
        whole_planes_(out.tile_rows() * out.tiles_per_row() <= LIST_TILES),
        rows_(TILE * std::max(1, LIST_TILES / out.tiles_per_row())),
        source_(std::lrint(rows_ * map.step[1][1]) *
                    static_cast<ptrdiff_t>(in.columns) +
                std::lrint(rows_ * map.step[0][1])) {}

  // For number t of a list. `reader` knows where it reads. If a list covers a plane,
  // the next channel is taken in order, a cache line for each tile.
  template <typename Reader>
  STN_PREFETCHING void prefetch_source(const Reader& reader, const float* plane,
                                       int t) const {
    if (whole_planes_)
      prefetch(plane, in_.pixels() + LINE * t);
    else
      reader.prefetch_ahead(plane, in_.columns, source_);
  }

  // Of the plane that the tiles themselves lie in: four tiles share a cache line.
  STN_PREFETCHING void prefetch_tile(const float* plane, int offset, int t) const {
    if (whole_planes_)
      prefetch(plane, out_.pixels() + LINE * t);
    else
      prefetch(plane, offset + static_cast<ptrdiff_t>(rows_ + t % TILE) * out_.columns);
  }

 private:
  static const int LINE = 16;  // floats

  const Plane in_, out_;
  const bool whole_planes_;
  const int rows_;
  const ptrdiff_t source_;
};

// Channels handled together: a few if a plane is large, so that all stay in cache.
inline ptrdiff_t channel_group(const Plane& in, ptrdiff_t channels) {
  return std::min<ptrdiff_t>(channels, in.pixels() > 2048 ? 4 : channels);
}

}  // namespace fast
}  // namespace stn

#endif  // STN_AVX512_TILES_H
