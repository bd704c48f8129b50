// Two-dimensional spectra of tiles of S x S pixels.
//
// Images are real, transforms are complex: two images are one complex tile, the first
// in its real and the second in its imaginary part. The spectrum of a filter W is that
// of a real tile, so W(-f) is the conjugate of W(f), and one of each such pair of
// frequencies is stored.
#ifndef STN_CONVOLUTION_SPECTRUM_H
#define STN_CONVOLUTION_SPECTRUM_H

#include "fft.h"

namespace stn {

template <typename T, int S>
struct Spectrum {
  enum { FREQUENCIES = S * S, PAIRS = (S * S + (S % 2 ? 1 : 4)) / 2 };

  // A frequency and its negative; they are equal where a frequency is its own negative.
  struct Pair {
    int f, g;
    bool single() const { return f == g; }
  };

  static const Pair* pairs() {
    static const Table table;
    return table.pairs;
  }

  // Transforms a tile whose rows from `first` to `last` hold data; the others count as
  // 0.
  static void forward(Complex<T>* tile, int first, int last) {
    for (int i = 0; i < S; ++i)
      if (i >= first && i < last)
        transform_line<S>(tile + i * S, 1);
      else
        for (int j = 0; j < S; ++j) tile[i * S + j] = Complex<T>();
    for (int j = 0; j < S; ++j) transform_line<S>(tile + j, S);
  }

  // The inverse, times S * S, of which only the rows from `first` to `last` are valid.
  // Real and imaginary parts are swapped before and after: inverse(z) is
  // swap(forward(swap(z))).
  static void inverse_of_swapped(Complex<T>* tile, int first, int last) {
    for (int j = 0; j < S; ++j) transform_line<S>(tile + j, S);
    for (int i = first; i < last; ++i) transform_line<S>(tile + i * S, 1);
  }

 private:
  struct Table {
    Pair pairs[PAIRS];
    Table() {
      int count = 0;
      for (int i = 0; i < S; ++i)
        for (int j = 0; j < S; ++j) {
          const int f = i * S + j, g = (S - i) % S * S + (S - j) % S;
          if (f <= g) pairs[count++] = Pair{f, g};
        }
    }
  };
};

}  // namespace stn

#endif  // STN_CONVOLUTION_SPECTRUM_H
