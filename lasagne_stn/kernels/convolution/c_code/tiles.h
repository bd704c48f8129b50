// Between images, weights or blocks and complex tiles of S x S pixels.
//
// A true convolution of a tile with a filter has its valid outputs from row and column
// `kernel - 1` on. There the gradient to an output is put too, and so the gradient to
// the image has the place of the image.
#ifndef STN_CONVOLUTION_TILES_H
#define STN_CONVOLUTION_TILES_H

#include <algorithm>

#include "planes.h"
#include "problem.h"
#include "spectrum.h"

namespace stn {

enum Part { REAL, IMAGINARY };

template <typename T, int S>
class Tiles {
 public:
  enum { L = Lanes<T>::COUNT, SIZE = S * S, STEP = 2 * L };  // between pixels
  typedef typename Lanes<T>::Vector Vector;

  explicit Tiles(const Problem& problem) : problem_(problem) {}

  // Reads a tile's window of each lane's image, with zeros around it.
  void read_window(const Tile& tile, const T* const* planes, Part part,
                   Complex<T>* z) const {
    const Range rows(problem_.rows, tile.row, tile.rows);
    const Range columns(problem_.columns, tile.column, tile.columns);
    for (int i = 0; i < rows.size; ++i) {
      Complex<T>* row = z + i * S;
      const bool inside = i >= rows.first && i < rows.last;
      const int first = inside ? columns.first : S, last = inside ? columns.last : S;
      fill(row, 0, first, part);
      if (inside)
        read_run(planes,
                 (rows.origin + i) * problem_.columns.image + columns.origin + first,
                 last - first, number(row + first, part), STEP);
      fill(row, last, S, part);
    }
  }

  // Adds a window to images; real and imaginary parts are swapped.
  void add_window(const Tile& tile, const Complex<T>* z, Part part, T* const* planes,
                  int lanes) const {
    const Range rows(problem_.rows, tile.row, tile.rows);
    const Range columns(problem_.columns, tile.column, tile.columns);
    for (int i = rows.first; i < rows.last; ++i)
      write_run<true>(
          number(z + i * S + columns.first, part == REAL ? IMAGINARY : REAL), STEP,
          columns.last - columns.first, planes, lanes,
          (rows.origin + i) * problem_.columns.image + columns.origin + columns.first);
  }

  // The rows of a window, for Spectrum::forward.
  int window_rows(const Tile& tile) const { return tile.rows + above(); }

  // From each lane's filter to its spectrum.
  void weight_spectrum(const T* const* filters, int lanes, Complex<T>* z) const {
    const int tall = problem_.rows.kernel, wide = problem_.columns.kernel;
    for (int i = 0; i < tall; ++i) {
      fill(z + i * S, 0, S, REAL);
      fill(z + i * S, 0, S, IMAGINARY);
      for (int j = 0; j < wide; ++j) {
        T* numbers = number(z + i * S + j, REAL);
        for (int lane = 0; lane < lanes; ++lane)
          numbers[lane] = filters[lane][problem_.tap(i, j)];
      }
    }
    Spectrum<T, S>::forward(z, 0, tall);
  }

  // Back, from a spectrum whose real and imaginary parts are swapped.
  void filters_of_swapped(Complex<T>* z, T* const* filters, int lanes) const {
    const int tall = problem_.rows.kernel, wide = problem_.columns.kernel;
    Spectrum<T, S>::inverse_of_swapped(z, 0, tall);
    for (int i = 0; i < tall; ++i)
      for (int j = 0; j < wide; ++j) {
        const T* numbers = number(z + i * S + j, IMAGINARY);
        for (int lane = 0; lane < lanes; ++lane)
          filters[lane][problem_.tap(i, j)] = numbers[lane] / SIZE;
      }
  }

  // The convolution's outputs plus the bias, from a product of spectra whose real and
  // imaginary parts are swapped.
  void outputs_of_swapped(const Tile& tile, Complex<T>* z) const {
    Spectrum<T, S>::inverse_of_swapped(z, above(), above() + tile.rows);
  }
  void read_outputs(const Tile& tile, const Complex<T>* z, Part part, Vector bias,
                    T* block) const {
    for (int i = 0; i < tile.rows; ++i) {
      const Complex<T>* row = z + (i + above()) * S + before();
      for (int j = 0; j < tile.columns; ++j, block += L)
        Lanes<T>::store(block, (part == REAL ? row[j].im : row[j].re) + bias);
    }
  }

  // A block of gradients to a tile's outputs; without a block, zeros.
  void write_gradient(const Tile& tile, const T* block, Part part,
                      Complex<T>* z) const {
    for (int i = 0; i < tile.rows; ++i) {
      Complex<T>* row = z + (i + above()) * S;
      const int last = block ? before() + tile.columns : 0;
      fill(row, 0, block ? before() : S, part);
      for (int j = before(); j < last; ++j, block += L)
        Lanes<T>::store(number(row + j, part), Lanes<T>::load(block));
      fill(row, block ? last : S, S, part);
    }
  }
  void gradient_spectrum(const Tile& tile, Complex<T>* z) const {
    Spectrum<T, S>::forward(z, above(), above() + tile.rows);
  }

 private:
  // Along an axis: where a window begins in the image, and the part of it inside.
  struct Range {
    ptrdiff_t origin;
    int size, first, last;
    Range(const Axis& axis, ptrdiff_t start, int outputs)
        : origin(start - axis.before), size(outputs + axis.kernel - 1) {
      first =
          static_cast<int>(std::min<ptrdiff_t>(size, std::max<ptrdiff_t>(0, -origin)));
      last = static_cast<int>(
          std::max<ptrdiff_t>(first, std::min<ptrdiff_t>(size, axis.image - origin)));
    }
  };

  int above() const { return problem_.rows.kernel - 1; }
  int before() const { return problem_.columns.kernel - 1; }

  static T* number(Complex<T>* z, Part part) {
    return reinterpret_cast<T*>(part == REAL ? &z->re : &z->im);
  }
  static const T* number(const Complex<T>* z, Part part) {
    return reinterpret_cast<const T*>(part == REAL ? &z->re : &z->im);
  }
  static void fill(Complex<T>* row, int first, int last, Part part) {
    for (int j = first; j < last; ++j) Lanes<T>::store(number(row + j, part), Vector{});
  }

  const Problem& problem_;
};

}  // namespace stn

#endif  // STN_CONVOLUTION_TILES_H
