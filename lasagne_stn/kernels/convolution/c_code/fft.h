// Discrete Fourier transforms of a length that is known when compiling.
//
// The length is split into factors 4, 2, 3, 5, 7, ...; each step computes transforms of
// every R-th element, multiplies them by roots of unity (twiddle factors), and combines
// them by a transform of length R (a butterfly). All loops are unrolled, so the twiddle
// factors are constants. Every lane of a vector belongs to a transform of its own.
//
// Source: Cooley and Tukey (1965): An Algorithm for the Machine Calculation of Complex
// Fourier Series.
#ifndef STN_CONVOLUTION_FFT_H
#define STN_CONVOLUTION_FFT_H

#include "lanes.h"

#define STN_UNROLL _Pragma("GCC unroll 64")

namespace stn {

template <typename T>
struct Complex {
  typename Lanes<T>::Vector re, im;
};

template <typename T>
STN_INLINE Complex<T> operator+(Complex<T> a, Complex<T> b) {
  return {a.re + b.re, a.im + b.im};
}

template <typename T>
STN_INLINE Complex<T> operator-(Complex<T> a, Complex<T> b) {
  return {a.re - b.re, a.im - b.im};
}

// The cosine of k / n turns; std::cos is not constexpr.
constexpr double cosine(int k, int n) {
  k = (k < 0 ? -k : k) % n;
  if (2 * k > n) k = n - k;
  if (4 * k > n) return -cosine(n - 2 * k, 2 * n);
  const double angle = 6.283185307179586476925 * k / n;  // at most pi / 2
  double term = 1, sum = 1;
  for (int power = 2; power <= 28; power += 2) {
    term *= -angle * angle / (power * (power - 1));
    sum += term;
  }
  return sum;
}

constexpr double sine(int k, int n) { return cosine(4 * k - n, 4 * n); }

// The powers of the N-th root of unity exp(-2 pi i / N).
template <int N>
struct Roots {
  double re[N], im[N];
  constexpr Roots() : re(), im() {
    for (int k = 0; k < N; ++k) {
      re[k] = cosine(k, N);
      im[k] = -sine(k, N);
    }
  }
};

template <int N>
struct RootTable {
  static constexpr Roots<N> roots = Roots<N>();
};
template <int N>
constexpr Roots<N> RootTable<N>::roots;

template <int N, typename T>
STN_INLINE Complex<T> times_root(Complex<T> a, int k) {
  const T re = static_cast<T>(RootTable<N>::roots.re[k % N]);
  const T im = static_cast<T>(RootTable<N>::roots.im[k % N]);
  return {a.re * re - a.im * im, a.re * im + a.im * re};
}

// The factor that a transform of length n begins with.
constexpr int radix(int n) {
  if (n % 4 == 0) return 4;
  for (int factor = 2; factor < n; ++factor)
    if (n % factor == 0) return factor;
  return n;
}

// A transform of an odd length: pairs of elements share their products with the roots.
template <int R>
struct Butterfly {
  template <typename T>
  static STN_INLINE void apply(Complex<T>* x) {
    Complex<T> sums[R / 2 + 1], differences[R / 2 + 1], total = x[0];
    const Complex<T> first = x[0];
    STN_UNROLL for (int k = 1; k <= R / 2; ++k) {
      sums[k] = x[k] + x[R - k];
      differences[k] = x[k] - x[R - k];
      total = total + sums[k];
    }
    x[0] = total;
    STN_UNROLL for (int q = 1; q <= R / 2; ++q) {
      Complex<T> even = first, odd = {typename Lanes<T>::Vector{}, {}};
      STN_UNROLL for (int k = 1; k <= R / 2; ++k) {
        const T re = static_cast<T>(RootTable<R>::roots.re[q * k % R]);
        const T im = static_cast<T>(RootTable<R>::roots.im[q * k % R]);
        even.re += sums[k].re * re;
        even.im += sums[k].im * re;
        odd.re -= differences[k].im * im;
        odd.im += differences[k].re * im;
      }
      x[q] = even + odd;
      x[R - q] = even - odd;
    }
  }
};

template <>
struct Butterfly<2> {
  template <typename T>
  static STN_INLINE void apply(Complex<T>* x) {
    const Complex<T> a = x[0], b = x[1];
    x[0] = a + b;
    x[1] = a - b;
  }
};

template <>
struct Butterfly<4> {
  template <typename T>
  static STN_INLINE void apply(Complex<T>* x) {
    const Complex<T> a = x[0] + x[2], b = x[0] - x[2], c = x[1] + x[3], d = x[1] - x[3];
    const Complex<T> turned = {d.im, -d.re};  // -i d
    x[0] = a + c;
    x[1] = b + turned;
    x[2] = a - c;
    x[3] = b - turned;
  }
};

// One step: R transforms of length M.
template <int N, int R = radix(N), int M = N / R>
struct Transform {
  template <typename T>
  static STN_INLINE void apply(Complex<T>* x) {
    Complex<T> parts[R][M];
    STN_UNROLL for (int r = 0; r < R; ++r) {
      STN_UNROLL for (int m = 0; m < M; ++m) parts[r][m] = x[r + R * m];
      Transform<M>::apply(parts[r]);
    }
    STN_UNROLL for (int k = 0; k < M; ++k) {
      Complex<T> column[R];
      column[0] = parts[0][k];
      STN_UNROLL for (int r = 1; r < R; ++r) column[r] =
          k == 0 ? parts[r][k] : times_root<N>(parts[r][k], r * k);
      Butterfly<R>::apply(column);
      STN_UNROLL for (int q = 0; q < R; ++q) x[k + M * q] = column[q];
    }
  }
};

template <int N, int R>
struct Transform<N, R, 1> {
  template <typename T>
  static STN_INLINE void apply(Complex<T>* x) {
    Butterfly<R>::apply(x);
  }
};

// Transforms N elements in place, which are `step` apart. Compiled once for each N.
template <int N, typename T>
__attribute__((noinline)) void transform_line(Complex<T>* line, ptrdiff_t step) {
  Complex<T> x[N];
  STN_UNROLL for (int k = 0; k < N; ++k) x[k] = line[k * step];
  Transform<N>::apply(x);
  STN_UNROLL for (int k = 0; k < N; ++k) line[k * step] = x[k];
}

}  // namespace stn

#endif  // STN_CONVOLUTION_FFT_H
