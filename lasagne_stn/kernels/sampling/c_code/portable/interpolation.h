// How an output pixel is made from the source pixels near its coordinate: the policies
// that the portable kernels are compiled for.
//
// Each axis has taps, the source pixels that are read along it, and a corner is one tap
// along every axis. The corners are numbered: the digits of a number to the base TAPS
// are its taps, that of axis 0 last. A policy has
//   TAPS           the number of taps along an axis,
//   FIRST          the first of them, counted from the origin,
//   REACH          the distance in pixels beyond which a tap has no weight,
//   shifted(x)     the origin is the whole number at or below it,
//   weights(f, w)  the weight of each tap; f is the coordinate minus the origin,
//   slopes(f, w)   the right-hand derivative of each weight with respect to f,
// and, because these decide the speed,
//   tap_of(number, axis)  the digit of a corner,
//   mix<slope_axis>(chunk, k, values)  the sum of the corners' values times their
//                  weights, for the k-th pixel; along `slope_axis`, if it is one of the
//                  axes, slopes take the place of weights,
//   split(chunk, k, share)  the transpose of `mix`: what share[0] gives each corner.
// A NaN f makes everything NaN.
//
// See Jaderberg et al. (2015), equations 3 to 7, and Kernel in Python.
#ifndef STN_PORTABLE_INTERPOLATION_H
#define STN_PORTABLE_INTERPOLATION_H

#include <cstddef>

namespace stn {

const int CHUNK_PIXELS = 512;
const int NO_SLOPE = -1;

// What every chunk of output pixels has, see taps.h.
template <typename T, int dims>
struct ChunkBase {
  ptrdiff_t start;                 // first output pixel
  int count;                       // at most CHUNK_PIXELS
  T fraction[dims][CHUNK_PIXELS];  // the coordinate minus its origin, along an axis
};

// TAPS to the power of `dims`: the number of corners.
template <typename Interpolation, int dims>
struct Corners {
  static const int COUNT =
      Interpolation::TAPS * Corners<Interpolation, dims - 1>::COUNT;
};
template <typename Interpolation>
struct Corners<Interpolation, 0> {
  static const int COUNT = 1;
};

// `tap_of`, `mix` and `split` for any policy, made from its weights.
template <typename Policy, int taps>
struct AnyTaps {
  static int tap_of(int number, int axis) {
    for (int k = 0; k < axis; ++k) number /= taps;
    return number % taps;
  }

  template <int slope_axis, typename T, int dims>
  static T mix(const ChunkBase<T, dims>& chunk, int k, const T* values) {
    int left = Corners<Policy, dims>::COUNT;
    T partial[Corners<Policy, dims>::COUNT];
    for (int number = 0; number < left; ++number) partial[number] = values[number];
    for (int axis = dims - 1; axis >= 0; --axis) {
      T weight[taps];
      if (axis == slope_axis)
        Policy::slopes(chunk.fraction[axis][k], weight);
      else
        Policy::weights(chunk.fraction[axis][k], weight);
      left /= taps;
      for (int number = 0; number < left; ++number) {
        T sum = weight[0] * partial[number];
        for (int t = 1; t < taps; ++t) sum += weight[t] * partial[number + t * left];
        partial[number] = sum;
      }
    }
    return partial[0];
  }

  template <typename T, int dims>
  static void split(const ChunkBase<T, dims>& chunk, int k, T* share) {
    int shares = 1;
    for (int axis = 0; axis < dims; ++axis, shares *= taps) {
      T weight[taps];
      Policy::weights(chunk.fraction[axis][k], weight);
      for (int t = taps - 1; t >= 0; --t)
        for (int number = 0; number < shares; ++number)
          share[number + t * shares] = weight[t] * share[number];
    }
  }
};

// Equation 5: the weight is 1 minus the distance. With two taps a digit is a bit.
struct Bilinear {
  static const int TAPS = 2, FIRST = 0, REACH = 1;

  static double shifted(double coordinate) { return coordinate; }

  static int tap_of(int number, int axis) { return number >> axis & 1; }

  template <int slope_axis, typename T, int dims>
  static T mix(const ChunkBase<T, dims>& chunk, int k, const T* values) {
    T left[1 << dims];
    for (int number = 0; number < 1 << dims; ++number) left[number] = values[number];
    for (int axis = dims - 1; axis >= 0; --axis) {
      const T fraction = chunk.fraction[axis][k];
      const int half = 1 << axis;
      for (int number = 0; number < half; ++number)
        left[number] = axis == slope_axis ? left[number + half] - left[number]
                                          : (1 - fraction) * left[number] +
                                                fraction * left[number + half];
    }
    return left[0];
  }

  template <typename T, int dims>
  static void split(const ChunkBase<T, dims>& chunk, int k, T* share) {
    for (int axis = 0; axis < dims; ++axis) {
      const T fraction = chunk.fraction[axis][k];
      for (int number = 0; number < 1 << axis; ++number) {
        share[number + (1 << axis)] = fraction * share[number];
        share[number] = (1 - fraction) * share[number];
      }
    }
  }
};

// Equation 4: the pixel at floor(coordinate + 0.5). Its derivative is zero.
struct Nearest : AnyTaps<Nearest, 1> {
  static const int TAPS = 1, FIRST = 0, REACH = 1;

  static double shifted(double coordinate) { return coordinate + 0.5; }

  template <typename T>
  static void weights(T fraction, T* weight) {
    weight[0] = fraction == fraction ? 1 : fraction;
  }

  template <typename T>
  static void slopes(T fraction, T* weight) {
    weight[0] = fraction == fraction ? 0 : fraction;
  }
};

}  // namespace stn

#endif  // STN_PORTABLE_INTERPOLATION_H
