// A convolution and its gradients as the sums that define them: slow, for images and
// weights that a transform would spoil (NaN, infinity and huge numbers).
#ifndef STN_CONVOLUTION_DIRECT_H
#define STN_CONVOLUTION_DIRECT_H

#include "problem.h"

namespace stn {

template <typename T>
class Direct {
 public:
  Direct(const Problem& problem, const T* image, const T* weights)
      : problem_(problem), image_(image), weights_(weights) {}

  // One output of one filter, without the bias.
  T output(int filter, ptrdiff_t row, ptrdiff_t column) const {
    T sum = 0;
    each_tap(filter, row, column, [&](ptrdiff_t weight, ptrdiff_t pixel) {
      sum += weights_[weight] * (pixel < 0 ? T(0) : image_[pixel]);
    });
    return sum;
  }

  // Adds what the gradient to one output gives to the weights and to the image, of
  // which either may be NULL.
  void add_gradients(int filter, ptrdiff_t row, ptrdiff_t column, T gradient,
                     T* grad_weights, T* grad_image) const {
    each_tap(filter, row, column, [&](ptrdiff_t weight, ptrdiff_t pixel) {
      if (grad_weights)
        grad_weights[weight] += gradient * (pixel < 0 ? T(0) : image_[pixel]);
      if (grad_image && pixel >= 0) grad_image[pixel] += gradient * weights_[weight];
    });
  }

 private:
  // Calls a function with the index of each weight of a filter, and that of the pixel
  // it is multiplied by: -1 outside the image.
  template <typename Function>
  void each_tap(int filter, ptrdiff_t row, ptrdiff_t column,
                const Function& function) const {
    const Axis &rows = problem_.rows, &columns = problem_.columns;
    for (int channel = 0; channel < problem_.channels; ++channel)
      for (int i = 0; i < rows.kernel; ++i)
        for (int j = 0; j < columns.kernel; ++j) {
          const ptrdiff_t y = row + i - rows.before, x = column + j - columns.before;
          const bool inside = y >= 0 && y < rows.image && x >= 0 && x < columns.image;
          function((ptrdiff_t(filter) * problem_.channels + channel) * problem_.taps() +
                       problem_.tap(rows.kernel - 1 - i, columns.kernel - 1 - j),
                   inside ? (channel * rows.image + y) * columns.image + x : -1);
        }
  }

  const Problem& problem_;
  const T *image_, *weights_;
};

}  // namespace stn

#endif  // STN_CONVOLUTION_DIRECT_H
