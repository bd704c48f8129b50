// What is convolved, and the tiles that the work is cut into.
//
// A convolution is followed by a bias, by relu or nothing, and by max-pooling or
// nothing. Rows and columns that pooling drops are never computed.
#ifndef STN_CONVOLUTION_PROBLEM_H
#define STN_CONVOLUTION_PROBLEM_H

#include <cstddef>

namespace stn {

// One axis of the images, from the image to the pooled output.
struct Axis {
  ptrdiff_t image;  // pixels of the image
  int kernel, before,
      pad;  // of the filter; zeros before the image, and before and after
  ptrdiff_t used, pooled;  // outputs of the convolution that pooling reads; of pooling

  ptrdiff_t convolved() const { return image + pad - kernel + 1; }

  void set_pool(int pool, bool whole_windows_only) {
    used = whole_windows_only ? convolved() / pool * pool : convolved();
    pooled = (used + pool - 1) / pool;
  }
};

struct Problem {
  ptrdiff_t batch;
  int channels, filters;
  Axis rows, columns;
  bool flip;     // a true convolution; otherwise a correlation
  double slope;  // the derivative of relu at 0, as the explicit graph has it

  ptrdiff_t pixels() const { return rows.image * columns.image; }
  int taps() const { return rows.kernel * columns.kernel; }
  ptrdiff_t outputs() const { return rows.pooled * columns.pooled; }

  // The mask has 16 numbers for 16 filters or fewer, whatever the number of lanes.
  int mask_filters() const { return (filters + 15) / 16 * 16; }

  // A weight's index in its filter, counted as a true convolution does.
  int tap(int i, int j) const {
    const int at = i * columns.kernel + j;
    return flip ? at : taps() - 1 - at;
  }
};

// A part of the convolution's output, and so of the padded image.
struct Tile {
  ptrdiff_t row, column;  // of its first output
  int rows, columns;      // outputs
};

// All tiles of an image; pooling windows do not cross their edges.
class Tiling {
 public:
  // `size` x `size` pixels are read for each tile at most.
  Tiling(const Problem& problem, int size, int pool)
      : rows_(problem.rows.used),
        columns_(problem.columns.used),
        tall_((size - problem.rows.kernel + 1) / pool * pool),
        wide_((size - problem.columns.kernel + 1) / pool * pool),
        across_((columns_ + wide_ - 1) / wide_) {}

  ptrdiff_t count() const { return (rows_ + tall_ - 1) / tall_ * across_; }

  Tile operator[](ptrdiff_t number) const {
    Tile tile;
    tile.row = number / across_ * tall_;
    tile.column = number % across_ * wide_;
    tile.rows = least(tall_, rows_ - tile.row);
    tile.columns = least(wide_, columns_ - tile.column);
    return tile;
  }

 private:
  static int least(int a, ptrdiff_t b) { return static_cast<int>(b < a ? b : a); }

  ptrdiff_t rows_, columns_;
  int tall_, wide_;
  ptrdiff_t across_;
};

}  // namespace stn

#endif  // STN_CONVOLUTION_PROBLEM_H
