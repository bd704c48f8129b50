// Between planes, as Theano stores images (NCHW), and blocks, where the numbers of all
// lanes of one pixel are neighbours.
//
// A run of pixels is transposed, four lanes and four pixels at a time.
#ifndef STN_CONVOLUTION_PLANES_H
#define STN_CONVOLUTION_PLANES_H

#include "lanes.h"

namespace stn {

typedef float Four __attribute__((vector_size(16)));
typedef float LooseFour __attribute__((vector_size(16), aligned(4), may_alias));

#if defined(__clang__)
#define STN_SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define STN_SHUFFLE(a, b, ...) \
  __builtin_shuffle(a, b, (int32_t __attribute__((vector_size(16)))){__VA_ARGS__})
#endif

STN_INLINE void transpose(Four* rows) {
  const Four a = STN_SHUFFLE(rows[0], rows[1], 0, 4, 1, 5);
  const Four b = STN_SHUFFLE(rows[0], rows[1], 2, 6, 3, 7);
  const Four c = STN_SHUFFLE(rows[2], rows[3], 0, 4, 1, 5);
  const Four d = STN_SHUFFLE(rows[2], rows[3], 2, 6, 3, 7);
  rows[0] = STN_SHUFFLE(a, c, 0, 1, 4, 5);
  rows[1] = STN_SHUFFLE(a, c, 2, 3, 6, 7);
  rows[2] = STN_SHUFFLE(b, d, 0, 1, 4, 5);
  rows[3] = STN_SHUFFLE(b, d, 2, 3, 6, 7);
}

STN_INLINE Four load_four(const float* from) {
  return *reinterpret_cast<const LooseFour*>(from);
}
STN_INLINE void store_four(float* to, Four value) {
  *reinterpret_cast<LooseFour*>(to) = value;
}

// Copies `length` pixels from `start` on of every lane's plane; pixels of the block are
// `step` numbers apart.
inline void read_run(const float* const* planes, ptrdiff_t start, int length,
                     float* block, ptrdiff_t step) {
  for (int lane = 0; lane < Lanes<float>::COUNT; lane += 4) {
    const float* const* from = planes + lane;
    int k = 0;
    for (; k + 4 <= length; k += 4) {
      Four rows[4];
      for (int r = 0; r < 4; ++r) rows[r] = load_four(from[r] + start + k);
      transpose(rows);
      for (int r = 0; r < 4; ++r) store_four(block + (k + r) * step + lane, rows[r]);
    }
    for (; k < length; ++k)
      for (int r = 0; r < 4; ++r) block[k * step + lane + r] = from[r][start + k];
  }
}

template <typename T>
inline void read_run(const T* const* planes, ptrdiff_t start, int length, T* block,
                     ptrdiff_t step) {
  for (int lane = 0; lane < Lanes<T>::COUNT; ++lane)
    for (int k = 0; k < length; ++k) block[k * step + lane] = planes[lane][start + k];
}

// Puts (or adds) a run back, for the first `lanes` planes.
template <bool add>
inline void write_run(const float* block, ptrdiff_t step, int length,
                      float* const* planes, int lanes, ptrdiff_t start) {
  int lane = 0;
  for (; lane + 4 <= lanes; lane += 4) {
    float* const* to = planes + lane;
    int k = 0;
    for (; k + 4 <= length; k += 4) {
      Four rows[4];
      for (int r = 0; r < 4; ++r) rows[r] = load_four(block + (k + r) * step + lane);
      transpose(rows);
      for (int r = 0; r < 4; ++r) {
        float* at = to[r] + start + k;
        store_four(at, add ? load_four(at) + rows[r] : rows[r]);
      }
    }
    for (; k < length; ++k)
      for (int r = 0; r < 4; ++r) {
        float& at = to[r][start + k];
        at = (add ? at : 0) + block[k * step + lane + r];
      }
  }
  for (; lane < lanes; ++lane)
    for (int k = 0; k < length; ++k) {
      float& at = planes[lane][start + k];
      at = (add ? at : 0) + block[k * step + lane];
    }
}

template <bool add, typename T>
inline void write_run(const T* block, ptrdiff_t step, int length, T* const* planes,
                      int lanes, ptrdiff_t start) {
  for (int lane = 0; lane < lanes; ++lane)
    for (int k = 0; k < length; ++k) {
      T& at = planes[lane][start + k];
      at = (add ? at : 0) + block[k * step + lane];
    }
}

}  // namespace stn

#endif  // STN_CONVOLUTION_PLANES_H
