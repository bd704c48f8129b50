// What follows the convolution on one tile: relu, max-pooling, and their way back.
//
// A tile is a block [rows][columns][lane], whose lanes are filters. For each pooled
// pixel and filter the mask keeps one bit for each output that was the maximum, none
// where relu is off, and ZERO where the maximum is exactly 0.
#ifndef STN_CONVOLUTION_EPILOGUE_H
#define STN_CONVOLUTION_EPILOGUE_H

#include "lanes.h"
#include "ties.h"

namespace stn {

template <typename T, int POOL, bool RELU>
class Epilogue {
 public:
  enum { L = Lanes<T>::COUNT, MASKED = POOL > 1 || RELU, ZERO = 1 << 15 };
  typedef typename Lanes<T>::Vector Vector;
  typedef typename Lanes<T>::Integers Integers;

  Epilogue(const Problem& problem, const Tile& tile) : problem_(problem), tile_(tile) {}

  int pooled_rows() const { return (tile_.rows + POOL - 1) / POOL; }
  int pooled_columns() const { return (tile_.columns + POOL - 1) / POOL; }

  // From a block to its pooled block, in place; the mask is that of the whole image.
  void forward(T* block, const Ties<T, POOL>& ties, uint16_t* mask) const {
    if (!MASKED) return;
    T* pooled = block;
    for (int i = 0; i < tile_.rows; i += POOL) {
      const int tall = std::min<int>(POOL, tile_.rows - i);
      for (int j = 0; j < tile_.columns; j += POOL, pooled += L) {
        const ptrdiff_t at = output(i, j);
        const T* window = block + (ptrdiff_t(i) * tile_.columns + j) * L;
        const uint16_t* groups = POOL > 1 ? ties.windows[at].group : NULL;
        uint16_t* bits = mask + at * problem_.mask_filters();
        const int wide = std::min<int>(POOL, tile_.columns - j);
        if (tall == POOL && wide == POOL)
          pool(window, POOL, POOL, groups, bits, pooled);
        else
          pool(window, tall, wide, groups, bits, pooled);
      }
    }
  }

  // From the gradient to the pooled block to that to the block; adds up the latter.
  Vector backward(const T* pooled, const uint16_t* mask, T* block) const {
    Vector sum = Vector{};
    for (int i = 0; i < tile_.rows; i += POOL) {
      const int tall = std::min<int>(POOL, tile_.rows - i);
      for (int j = 0; j < tile_.columns; j += POOL, pooled += L) {
        T* window = block + (ptrdiff_t(i) * tile_.columns + j) * L;
        const uint16_t* bits = mask + output(i, j) * problem_.mask_filters();
        const int wide = std::min<int>(POOL, tile_.columns - j);
        if (tall == POOL && wide == POOL)
          sum += spread(pooled, bits, POOL, POOL, window);
        else
          sum += spread(pooled, bits, tall, wide, window);
      }
    }
    return sum;
  }

 private:
  // The pooled pixel that an output of the tile belongs to, counted in the whole image.
  ptrdiff_t output(int i, int j) const {
    return (tile_.row + i) / POOL * problem_.columns.pooled + (tile_.column + j) / POOL;
  }

  STN_INLINE void pool(const T* window, int tall, int wide, const uint16_t* groups,
                       uint16_t* mask, T* pooled) const {
    const Vector zero = Vector{};
    Vector most = Lanes<T>::load(window);
    Integers bits = Lanes<T>::all_integers(1);
    if (POOL > 1) {
      // In Theano's order, which decides what becomes of a NaN.
      each(
          tall, wide,
          [&](int, const T* output) {
            const Vector value = Lanes<T>::load(output);
            most = most > value ? most : value;
          },
          window);
      bits = Integers{};
      each(
          tall, wide,
          [&](int q, const T* output) {
            bits |=
                (Lanes<T>::load(output) == most) & Lanes<T>::all_integers(groups[q]);
          },
          window);
    }
    if (RELU) {
      bits =
          most > zero ? bits : (most == zero) & (bits | Lanes<T>::all_integers(ZERO));
      most = most < zero ? zero : most;
    }
    Lanes<T>::store_shorts(mask, bits);
    Lanes<T>::store(pooled, most);
  }

  STN_INLINE Vector spread(const T* pooled, const uint16_t* mask, int tall, int wide,
                           T* window) const {
    const Vector zero = Vector{};
    Vector value = Lanes<T>::load(pooled), sum = zero;
    if (!MASKED) {
      Lanes<T>::store(window, value);
      return value;
    }
    const Integers bits = Lanes<T>::load_shorts(mask);
    if (RELU)
      value = (bits & Lanes<T>::all_integers(ZERO)) ? value * T(problem_.slope) : value;
    each(
        tall, wide,
        [&](int q, T* output) {
          const Vector share = (bits & Lanes<T>::all_integers(1 << q)) ? value : zero;
          Lanes<T>::store(output, share);
          sum += share;
        },
        window);
    return sum;
  }

  template <typename Function, typename Pointer>
  STN_INLINE void each(int tall, int wide, const Function& function,
                       Pointer window) const {
    for (int i = 0; i < tall; ++i)
      for (int j = 0; j < wide; ++j)
        function(i * POOL + j, window + (ptrdiff_t(i) * tile_.columns + j) * L);
  }

  const Problem& problem_;
  const Tile& tile_;
};

}  // namespace stn

#endif  // STN_CONVOLUTION_EPILOGUE_H
