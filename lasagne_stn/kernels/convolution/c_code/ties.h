// Outputs of the convolution that are equal because the image is.
//
// Around digits images are black, so many neighbouring patches are equal, and so are
// the outputs. Theano's pooling gives the gradient to every pixel that equals the
// maximum, but the rounding of a transform makes equal outputs differ. So ties are
// found in the image:
//
// - in each pooling window, outputs of equal patches are a group, which wins as one;
// - an output whose patch has one colour is computed from the colour, and so it is the
//   same number everywhere. Over black it is the bias, exactly.
#ifndef STN_CONVOLUTION_TIES_H
#define STN_CONVOLUTION_TIES_H

#include <algorithm>
#include <cstdint>
#include <vector>

#include "lanes.h"
#include "problem.h"

namespace stn {

enum { MOST_COLOURS = 15 };  // of patches of one image; further ones are not known

// What was found in one image.
template <typename T, int POOL>
class Ties {
 public:
  struct Window {
    uint16_t group[POOL * POOL];  // for each of its outputs, a bit for each equal one
  };

  void prepare(const Problem& problem) {
    colour.resize(problem.rows.used * problem.columns.used);
    values.resize(MOST_COLOURS * problem.channels);
    if (POOL > 1) windows.resize(problem.outputs());
  }

  int colours;                  // that are known
  std::vector<uint8_t> colour;  // of each output's patch: 0, or 1 plus its number
  std::vector<T> values;        // of each colour in each channel
  std::vector<Window> windows;  // of pooling
};

// Finds them; memory for one thread.
template <typename T, int POOL>
class TieFinder {
 public:
  void prepare(const Problem& problem) {
    tall_ = problem.rows.image + problem.rows.pad;
    wide_ = problem.columns.image + problem.columns.pad;
    if (problem.rows.pad || problem.columns.pad)
      padded_.assign(problem.channels * tall_ * wide_, T(0));
    for (Flags* flags : {&across_, &down_, &right_, &below_})
      flags->resize(tall_ * wide_);
    equal_.resize(tall_ * wide_);
  }

  void find(const Problem& problem, const T* image, Ties<T, POOL>* ties) {
    const int tall = problem.rows.kernel, wide = problem.columns.kernel;
    pad(problem, image);
    compare_neighbours(problem.channels);
    // A patch equals its neighbour if all its pixels equal theirs.
    right_ = across_;
    all_of(&right_, 1, wide);
    all_of(&right_, wide_, tall);
    below_ = down_;
    all_of(&below_, 1, wide);
    all_of(&below_, wide_, tall);
    if (POOL > 1) find_groups(problem, ties);
    // It has one colour if its rows and one of its columns have.
    all_of(&across_, 1, wide - 1);
    all_of(&across_, wide_, tall);
    all_of(&down_, wide_, tall - 1);
    find_colours(problem, ties);
  }

 private:
  typedef std::vector<uint8_t> Flags;  // one for each pixel of the padded image
  typedef typename Lanes<T>::Integer Integer;

  void pad(const Problem& problem, const T* image) {
    const Axis &rows = problem.rows, &columns = problem.columns;
    image_ = image;
    if (!rows.pad && !columns.pad) return;
    image_ = padded_.data();
    for (int channel = 0; channel < problem.channels; ++channel)
      for (ptrdiff_t i = 0; i < rows.image; ++i, image += columns.image)
        std::copy(
            image, image + columns.image,
            &padded_[(channel * tall_ + i + rows.before) * wide_ + columns.before]);
  }

  // Does each pixel equal the one to its right, and the one below, in all channels?
  // What is compared across the end of a row is not read later.
  void compare_neighbours(int channels) {
    compare(channels, 1, &across_);
    compare(channels, wide_, &down_);
  }

  void compare(int channels, ptrdiff_t step, Flags* flags) {
    const ptrdiff_t pixels = tall_ * wide_,
                    compared = std::max<ptrdiff_t>(0, pixels - step);
    enum { L = Lanes<T>::COUNT };
    std::fill(equal_.begin(), equal_.end(), -1);
    for (int channel = 0; channel < channels; ++channel) {
      const T* plane = image_ + channel * pixels;
      Integer* equal = equal_.data();
      ptrdiff_t k = 0;
      for (; k + L <= compared; k += L)
        Lanes<T>::store_integers(equal + k, Lanes<T>::load_integers(equal + k) &
                                                (Lanes<T>::load(plane + k) ==
                                                 Lanes<T>::load(plane + k + step)));
      for (; k < compared; ++k) equal[k] &= -Integer(plane[k] == plane[k + step]);
    }
    for (ptrdiff_t k = 0; k < pixels; ++k)
      (*flags)[k] = static_cast<uint8_t>(equal_[k] & 1);
  }

  // Replaces each flag by whether it and the next ones, `length` in all, are set.
  static void all_of(Flags* flags, ptrdiff_t step, int length) {
    const ptrdiff_t count = flags->size();
    uint8_t* flag = flags->data();
    for (int done = 1; done < length;) {
      const int more = std::min(done, length - done);
      const ptrdiff_t away = more * step;
      for (ptrdiff_t k = 0; k + away < count; ++k) flag[k] &= flag[k + away];
      done += more;
    }
  }

  void find_groups(const Problem& problem, Ties<T, POOL>* ties) const {
    auto* window = ties->windows.data();
    for (ptrdiff_t i = 0; i < problem.rows.used; i += POOL)
      for (ptrdiff_t j = 0; j < problem.columns.used; j += POOL)
        group(i, j, static_cast<int>(std::min<ptrdiff_t>(POOL, problem.rows.used - i)),
              static_cast<int>(std::min<ptrdiff_t>(POOL, problem.columns.used - j)),
              (window++)->group);
  }

  void group(ptrdiff_t row, ptrdiff_t column, int rows, int columns,
             uint16_t* groups) const {
    for (int q = 0; q < POOL * POOL; ++q) groups[q] = static_cast<uint16_t>(1 << q);
    for (int i = 0; i < rows; ++i)
      for (int j = 0; j < columns; ++j) {
        const ptrdiff_t at = (row + i) * wide_ + column + j;
        const int q = i * POOL + j;
        if (j + 1 < columns && right_[at]) join(groups, q, q + 1);
        if (i + 1 < rows && below_[at]) join(groups, q, q + POOL);
      }
  }

  static void join(uint16_t* groups, int a, int b) {
    const uint16_t both = groups[a] | groups[b];
    for (int q = 0; q < POOL * POOL; ++q)
      if (both >> q & 1) groups[q] = both;
  }

  void find_colours(const Problem& problem, Ties<T, POOL>* ties) const {
    const ptrdiff_t used = problem.columns.used;
    uint8_t* colour = ties->colour.data();
    ties->colours = 0;
    for (ptrdiff_t i = 0; i < problem.rows.used; ++i)
      for (ptrdiff_t j = 0; j < used; ++j, ++colour) {
        const ptrdiff_t at = i * wide_ + j;
        *colour = 0;
        if (!(across_[at] & down_[at])) continue;
        if (j > 0 && colour[-1])  // patches that overlap have the same colour
          *colour = colour[-1];
        else if (i > 0 && colour[-used])
          *colour = colour[-used];
        else
          *colour = number_of(problem.channels, at, ties);
      }
  }

  // 1 plus the number of the colour at a pixel; 0 if there are too many.
  uint8_t number_of(int channels, ptrdiff_t at, Ties<T, POOL>* ties) const {
    const ptrdiff_t pixels = tall_ * wide_;
    for (int number = 0; number < ties->colours; ++number) {
      const T* values = &ties->values[number * channels];
      int channel = 0;
      while (channel < channels && values[channel] == image_[channel * pixels + at])
        ++channel;
      if (channel == channels) return static_cast<uint8_t>(number + 1);
    }
    if (ties->colours == MOST_COLOURS) return 0;
    T* values = &ties->values[ties->colours * channels];
    for (int channel = 0; channel < channels; ++channel)
      values[channel] = image_[channel * pixels + at];
    return static_cast<uint8_t>(++ties->colours);
  }

  ptrdiff_t tall_, wide_;
  const T* image_;  // with zeros around it
  std::vector<T> padded_;
  std::vector<Integer> equal_;
  Flags across_, down_, right_, below_;
};

}  // namespace stn

#endif  // STN_CONVOLUTION_TIES_H
