// A bound on what is transformed: an infinity, a NaN or a huge number would reach every
// pixel of its tile, and the other image of the pair.
#ifndef STN_CONVOLUTION_BOUND_H
#define STN_CONVOLUTION_BOUND_H

#include "lanes.h"

namespace stn {

template <typename T>
T largest_square();
template <>
inline float largest_square<float>() {
  return 1e30f;
}
template <>
inline double largest_square<double>() {
  return 1e300;
}

template <typename T>
bool can_be_transformed(const T* numbers, ptrdiff_t count) {
  const T largest = largest_square<T>();
  typename Lanes<T>::Integers all = ~typename Lanes<T>::Integers{};
  ptrdiff_t k = 0;
  for (; k + Lanes<T>::COUNT <= count; k += Lanes<T>::COUNT) {
    const typename Lanes<T>::Vector values = Lanes<T>::load(numbers + k);
    all &= values * values < Lanes<T>::all(largest);
  }
  bool fine = true;
  for (int lane = 0; lane < Lanes<T>::COUNT; ++lane) fine = fine && all[lane];
  for (; k < count; ++k) fine = fine && numbers[k] * numbers[k] < largest;
  return fine;
}

}  // namespace stn

#endif  // STN_CONVOLUTION_BOUND_H
