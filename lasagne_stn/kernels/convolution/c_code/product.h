// Products of complex matrices: at one frequency, the sum over channels (or over
// images) of spectra times weights.
//
// C[m] (+)= sum over k of A[m][k] B[k], with vectors B[k] and C[m], and numbers
// A[m][k]. A or B may be conjugated.
#ifndef STN_CONVOLUTION_PRODUCT_H
#define STN_CONVOLUTION_PRODUCT_H

#include "fft.h"

namespace stn {

enum Conjugated { NEITHER, CONJUGATE_A, CONJUGATE_B };

// Where the numbers of A are: their real parts, and how far imaginary parts, the next m
// and the next k are away.
template <typename T>
struct Numbers {
  const T* data;
  ptrdiff_t imaginary, next_m, next_k;
};

// Where vectors are: how far imaginary parts and the next vector are away.
template <typename T>
struct Vectors {
  T* data;
  ptrdiff_t half, next;
};

template <typename T, Conjugated conjugated, bool accumulate>
class Product {
 public:
  // M, K: number of rows of C and of B; `vectors` in each row.
  static void compute(int M, int K, int vectors, Numbers<T> a, Vectors<T> b,
                      Vectors<T> c) {
    int v = 0;
    for (; v + WIDE <= vectors; v += WIDE) columns<WIDE>(M, K, a, at(b, v), at(c, v));
    for (; v < vectors; ++v) columns<1>(M, K, a, at(b, v), at(c, v));
  }

 private:
  typedef typename Lanes<T>::Vector Vector;
  enum { L = Lanes<T>::COUNT };
  // A tile of C in registers: 4 rows of 2 vectors out of 32 registers, of 1 out of 16.
  // Fewer would not hide the latency of the multiplications.
  enum { ROWS = 4, WIDE = STN_VECTOR_BYTES == 64 ? 2 : 1 };

  static Vectors<T> at(Vectors<T> all, int v) {
    return {all.data + v * L, all.half, all.next};
  }

  template <int V>
  static void columns(int M, int K, Numbers<T> a, Vectors<T> b, Vectors<T> c) {
    int m = 0;
    for (; m + ROWS <= M; m += ROWS) tile<ROWS, V>(m, K, a, b, c);
    for (; m < M; ++m) tile<1, V>(m, K, a, b, c);
  }

  template <int R, int V>
  static STN_INLINE void tile(int m, int K, Numbers<T> a, Vectors<T> b, Vectors<T> c) {
    Vector re[R][V], im[R][V];
    T* out = c.data + m * c.next;
    STN_UNROLL for (int r = 0; r < R; ++r) STN_UNROLL for (int v = 0; v < V; ++v) {
      const T* old = out + r * c.next + v * L;
      re[r][v] = accumulate ? Lanes<T>::load(old) : Vector{};
      im[r][v] = accumulate ? Lanes<T>::load(old + c.half) : Vector{};
    }
    const T* numbers = a.data + m * a.next_m;
    const T* row = b.data;
    for (int k = 0; k < K; ++k, numbers += a.next_k, row += b.next) {
      Vector b_re[V], b_im[V];
      STN_UNROLL for (int v = 0; v < V; ++v) {
        b_re[v] = Lanes<T>::load(row + v * L);
        b_im[v] = Lanes<T>::load(row + b.half + v * L);
      }
      STN_UNROLL for (int r = 0; r < R; ++r) {
        const Vector a_re = Lanes<T>::all(numbers[r * a.next_m]);
        const Vector a_im = Lanes<T>::all(numbers[r * a.next_m + a.imaginary]);
        STN_UNROLL for (int v = 0; v < V; ++v) {
          re[r][v] += a_re * b_re[v];
          if (conjugated == CONJUGATE_B)
            im[r][v] -= a_re * b_im[v];
          else
            im[r][v] += a_re * b_im[v];
        }
        STN_UNROLL for (int v = 0; v < V; ++v) {
          if (conjugated == NEITHER)
            re[r][v] -= a_im * b_im[v];
          else
            re[r][v] += a_im * b_im[v];
          if (conjugated == CONJUGATE_A)
            im[r][v] -= a_im * b_re[v];
          else
            im[r][v] += a_im * b_re[v];
        }
      }
    }
    STN_UNROLL for (int r = 0; r < R; ++r) STN_UNROLL for (int v = 0; v < V; ++v) {
      Lanes<T>::store(out + r * c.next + v * L, re[r][v]);
      Lanes<T>::store(out + r * c.next + c.half + v * L, im[r][v]);
    }
  }
};

}  // namespace stn

#endif  // STN_CONVOLUTION_PRODUCT_H
