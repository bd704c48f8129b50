// What every method shares: the steps of a call that belong to one tile of a pair of
// images and one block of filters, and the memory that these use.
#ifndef STN_CONVOLUTION_STAGES_H
#define STN_CONVOLUTION_STAGES_H

#include <vector>

#include "bound.h"
#include "direct.h"
#include "epilogue.h"
#include "threads.h"
#include "tiles.h"
#include "workspace.h"

namespace stn {

// The arrays of a call. Gradients that nobody wants are NULL, and so is a missing bias.
template <typename T>
struct ForwardArrays {
  const T *images, *weights, *bias;
  T* output;
  uint16_t* mask;
};

template <typename T>
struct BackwardArrays {
  const T *images, *weights;
  const uint16_t* mask;
  const T* grad_output;
  T *grad_images, *grad_weights, *grad_bias;
};

template <typename T, int S, int POOL, bool RELU>
class Stages {
 public:
  typedef typename Lanes<T>::Vector Vector;
  typedef stn::Epilogue<T, POOL, RELU> Epilogue;
  enum { L = Lanes<T>::COUNT };

  explicit Stages(const Problem& problem)
      : problem(problem), tiling(problem, S, POOL), tiles(problem) {
    const size_t tile = size_t(S) * S * L;
    scratch_ = memory().scratch.get(most_threads() * 4 * tile);
    nothing_ = memory().nothing.get(problem.pixels());  // stays 0
  }

  ptrdiff_t image_pairs() const { return (problem.batch + 1) / 2; }
  int filter_blocks() const { return (problem.filters + L - 1) / L; }
  int channel_blocks() const { return (problem.channels + L - 1) / L; }
  static int lanes_of(int block, int count) {
    return std::min<int>(L, count - block * L);
  }

  Complex<T>* tile_of_thread() const {
    return reinterpret_cast<Complex<T>*>(scratch_ +
                                         thread_number() * 4 * size_t(S) * S * L);
  }

  // ---- forward

  void begin_forward(const ForwardArrays<T>& arrays) {
    forward_ = arrays;
    find_what_transforms(arrays.images, arrays.weights, NULL);
    if (Epilogue::MASKED) {
      find_ties();
      sum_weights();
    }
  }

  // From the product of spectra, with real and imaginary parts swapped, to the output.
  void finish_pair(const Tile& tile, ptrdiff_t pair, int block, Complex<T>* z) const {
    T* outputs = reinterpret_cast<T*>(z + S * S);
    T bias_of_lane[L] = {};
    for (int lane = 0; forward_.bias && lane < lanes_of(block, problem.filters); ++lane)
      bias_of_lane[lane] = forward_.bias[block * L + lane];
    const Vector bias = Lanes<T>::load(bias_of_lane);
    const Epilogue epilogue(problem, tile);
    tiles.outputs_of_swapped(tile, z);
    for (int part = 0; part < 2; ++part) {
      const ptrdiff_t n = 2 * pair + part;
      if (n >= problem.batch) break;
      if (transforms(n))
        tiles.read_outputs(tile, z, Part(part), bias, outputs);
      else
        compute_directly(tile, n, block, bias_of_lane, outputs);
      if (Epilogue::MASKED) {
        const Ties<T, POOL>& ties = memory().ties[n];
        if (transforms(n)) colour_outputs(tile, ties, block, bias, outputs);
        epilogue.forward(outputs, ties, forward_.mask + mask_offset(n, block));
      }
      T* planes[L];
      pooled_planes(forward_.output, n, block, planes);
      each_pooled_run(epilogue, tile, [&](ptrdiff_t start, int length, int first) {
        write_run<false>(outputs + first * L, L, length, planes,
                         lanes_of(block, problem.filters), start);
      });
    }
  }

  // ---- backward

  void begin_backward(const BackwardArrays<T>& arrays) {
    backward_ = arrays;
    find_what_transforms(arrays.images, arrays.weights, arrays.grad_output);
    const size_t sums = problem.batch * filter_blocks() * L;
    sums_ = memory().sums.get(sums);
    discarded_ = memory().discarded.get(problem.pixels() * most_threads());
    std::fill(sums_, sums_ + sums, T(0));
    // Pixels that no window covers have no gradient; windows that overlap add up.
    const ptrdiff_t numbers = problem.batch * problem.channels * problem.pixels();
    if (arrays.grad_images)
      std::fill(arrays.grad_images, arrays.grad_images + numbers, T(0));
  }

  // From the gradient to the output to the spectrum of that to the convolution.
  void gradient_of_pair(const Tile& tile, ptrdiff_t pair, int block,
                        Complex<T>* z) const {
    T* outputs = reinterpret_cast<T*>(z + S * S);
    for (int part = 0; part < 2; ++part) {
      const ptrdiff_t n = 2 * pair + part;
      if (n < problem.batch) {
        T* sums = sums_ + (n * filter_blocks() + block) * L;
        const Vector sum = gradient_of_image(tile, n, block, outputs);
        Lanes<T>::store(sums, Lanes<T>::load(sums) + sum);
      }
      tiles.write_gradient(tile, transforms(n) ? outputs : NULL, Part(part), z);
    }
    tiles.gradient_spectrum(tile, z);
  }

  // From the product of spectra, with real and imaginary parts swapped, to a block of a
  // pair's channels, one in each lane.
  void add_to_channels(const Tile& tile, ptrdiff_t pair, int block,
                       Complex<T>* z) const {
    const int lanes = lanes_of(block, problem.channels);
    add_to_planes(tile, lanes, z, [&](int part, int lane) {
      return grad_plane(2 * pair + part, block * L + lane);
    });
  }

  // The same to one channel of the next `lanes` pairs.
  void add_to_pairs(const Tile& tile, ptrdiff_t first_pair, int lanes, int channel,
                    Complex<T>* z) const {
    add_to_planes(tile, lanes, z, [&](int part, int lane) {
      return grad_plane(2 * (first_pair + lane) + part, channel);
    });
  }

  // Puts the sum over frequencies f and -f (conjugated) of a real tile's spectrum into
  // z, with real and imaginary parts swapped.
  static void spread_sum(int u, Vector re, Vector im, Complex<T>* z) {
    const auto pair = Spectrum<T, S>::pairs()[u];
    const T share = pair.single() ? T(1) : T(0.5);
    z[pair.g] = {pair.single() ? Vector{} : im * -share, re * share};
    if (!pair.single()) z[pair.f] = {im * share, re * share};
  }

  // From a sum of products of spectra, with real and imaginary parts swapped, to the
  // gradient with respect to weights.
  void write_weights(int channel, int block, Complex<T>* z) const {
    T* filters[L] = {};
    const int lanes = lanes_of(block, problem.filters);
    for (int lane = 0; lane < lanes; ++lane)
      filters[lane] = backward_.grad_weights + filter_offset(block * L + lane, channel);
    tiles.filters_of_swapped(z, filters, lanes);
  }

  // What is left: images that cannot be transformed, and the bias.
  void end_backward() const {
    for (ptrdiff_t n = 0; n < problem.batch; ++n)
      if (!transforms(n)) add_directly(n);
    for (int filter = 0; backward_.grad_bias && filter < problem.filters; ++filter) {
      double sum = 0;
      for (ptrdiff_t n = 0; n < problem.batch; ++n)
        sum += sums_[n * filter_blocks() * L + filter];
      backward_.grad_bias[filter] = static_cast<T>(sum);
    }
  }

  // ---- spectra

  // Of a block of a pair's channels, one in each lane; a lane without a channel repeats
  // the last one.
  void channels_of_pair(const T* images, const Tile& tile, ptrdiff_t pair, int block,
                        Complex<T>* z) const {
    const int lanes = lanes_of(block, problem.channels);
    for (int part = 0; part < 2; ++part) {
      const T* planes[L];
      for (int lane = 0; lane < L; ++lane)
        planes[lane] =
            plane(images, 2 * pair + part, block * L + std::min(lane, lanes - 1));
      tiles.read_window(tile, planes, Part(part), z);
    }
    Spectrum<T, S>::forward(z, 0, tiles.window_rows(tile));
  }

  // Of one channel of the next pairs, one in each lane.
  void pairs_of_channel(const T* images, const Tile& tile, ptrdiff_t first_pair,
                        int channel, Complex<T>* z) const {
    for (int part = 0; part < 2; ++part) {
      const T* planes[L];
      for (int lane = 0; lane < L; ++lane)
        planes[lane] = plane(images, 2 * (first_pair + lane) + part, channel);
      tiles.read_window(tile, planes, Part(part), z);
    }
    Spectrum<T, S>::forward(z, 0, tiles.window_rows(tile));
  }

  // Of one channel of a block of filters, one in each lane.
  void filters_of_channel(const T* weights, int channel, int block,
                          Complex<T>* z) const {
    const T* filters[L];
    const int lanes = lanes_of(block, problem.filters);
    for (int lane = 0; lane < lanes; ++lane)
      filters[lane] = weights + filter_offset(block * L + lane, channel);
    tiles.weight_spectrum(filters, lanes, z);
  }

  // Of a block of one filter's channels, one in each lane.
  void channels_of_filter(const T* weights, int filter, int block,
                          Complex<T>* z) const {
    const T* filters[L];
    const int lanes = lanes_of(block, problem.channels);
    for (int lane = 0; lane < lanes; ++lane)
      filters[lane] = weights + filter_offset(filter, block * L + lane);
    tiles.weight_spectrum(filters, lanes, z);
  }

  const Problem problem;
  const Tiling tiling;
  const Tiles<T, S> tiles;

 protected:
  // Kept from call to call.
  struct Memory {
    Buffer<T> scratch, sums, nothing, discarded, weight_sums;
    Buffer<T> images, outputs, weights, turned_weights, grad_images, grad_weights;
    std::vector<uint8_t> transforms;
    std::vector<Ties<T, POOL>> ties;
    std::vector<TieFinder<T, POOL>> finders;
  };
  static Memory& memory() {
    static Memory kept;
    return kept;
  }

  ForwardArrays<T> forward_;
  BackwardArrays<T> backward_;

 private:
  // Whether an image exists and has only numbers that can be transformed.
  bool transforms(ptrdiff_t n) const {
    return n < problem.batch && memory().transforms[n];
  }

  const T* plane(const T* images, ptrdiff_t n, int channel) const {
    if (!transforms(n)) return nothing_;
    return images + (n * problem.channels + channel) * problem.pixels();
  }

  T* grad_plane(ptrdiff_t n, int channel) const {
    if (!transforms(n)) return discarded_ + thread_number() * problem.pixels();
    return backward_.grad_images + (n * problem.channels + channel) * problem.pixels();
  }

  template <typename Planes>
  void add_to_planes(const Tile& tile, int lanes, Complex<T>* z,
                     const Planes& plane) const {
    Spectrum<T, S>::inverse_of_swapped(z, 0, tiles.window_rows(tile));
    for (int part = 0; part < 2; ++part) {
      T* planes[L] = {};
      for (int lane = 0; lane < lanes; ++lane) planes[lane] = plane(part, lane);
      tiles.add_window(tile, z, Part(part), planes, lanes);
    }
  }

  ptrdiff_t filter_offset(int filter, int channel) const {
    return (ptrdiff_t(filter) * problem.channels + channel) * problem.taps();
  }

  ptrdiff_t mask_offset(ptrdiff_t n, int block) const {
    return n * problem.outputs() * problem.mask_filters() + block * L;
  }

  void find_what_transforms(const T* images, const T* weights, const T* grad_output) {
    std::vector<uint8_t>& found = memory().transforms;
    const ptrdiff_t numbers = problem.channels * problem.pixels();
    const ptrdiff_t gradients = problem.filters * problem.outputs();
    const bool fine = can_be_transformed(
        weights, ptrdiff_t(problem.filters) * problem.channels * problem.taps());
    found.resize(problem.batch);
    share_out(problem.batch, [&](ptrdiff_t n) {
      found[n] =
          fine && can_be_transformed(images + n * numbers, numbers) &&
          (!grad_output || can_be_transformed(grad_output + n * gradients, gradients));
    });
  }

  void find_ties() const {
    std::vector<Ties<T, POOL>>& ties = memory().ties;
    std::vector<TieFinder<T, POOL>>& finders = memory().finders;
    if (ptrdiff_t(ties.size()) < problem.batch) ties.resize(problem.batch);
    if (int(finders.size()) < most_threads()) finders.resize(most_threads());
    for (TieFinder<T, POOL>& finder : finders) finder.prepare(problem);
    for (ptrdiff_t n = 0; n < problem.batch; ++n) ties[n].prepare(problem);
    const ptrdiff_t numbers = problem.channels * problem.pixels();
    share_out(problem.batch, [&](ptrdiff_t n) {
      finders[thread_number()].find(problem, forward_.images + n * numbers, &ties[n]);
    });
  }

  // The sum of each filter's weights, [block][channel][lane]: the output over a colour.
  void sum_weights() {
    weight_sums_ =
        memory().weight_sums.get(size_t(filter_blocks()) * problem.channels * L);
    for (int filter = 0; filter < problem.filters; ++filter)
      for (int channel = 0; channel < problem.channels; ++channel) {
        const T* weights = forward_.weights + filter_offset(filter, channel);
        T sum = 0;
        for (int k = 0; k < problem.taps(); ++k) sum += weights[k];
        weight_sums_[(filter / L * problem.channels + channel) * L + filter % L] = sum;
      }
  }

  // Where the patch has one colour, the output is computed from the colour.
  void colour_outputs(const Tile& tile, const Ties<T, POOL>& ties, int block,
                      Vector bias, T* outputs) const {
    if (!ties.colours) return;
    Vector value_of[MOST_COLOURS + 1];
    for (int colour = 0; colour < ties.colours; ++colour) {
      const T* values = &ties.values[colour * problem.channels];
      const T* sums = weight_sums_ + size_t(block) * problem.channels * L;
      Vector value = bias;
      for (int channel = 0; channel < problem.channels; ++channel)
        value += values[channel] * Lanes<T>::load(sums + channel * L);
      value_of[colour + 1] = value;
    }
    for (int i = 0; i < tile.rows; ++i) {
      const uint8_t* colour =
          &ties.colour[(tile.row + i) * problem.columns.used + tile.column];
      for (int j = 0; j < tile.columns; ++j, outputs += L)
        if (colour[j]) Lanes<T>::store(outputs, value_of[colour[j]]);
    }
  }

  void compute_directly(const Tile& tile, ptrdiff_t n, int block, const T* bias,
                        T* outputs) const {
    const Direct<T> direct(problem,
                           forward_.images + n * problem.channels * problem.pixels(),
                           forward_.weights);
    for (int i = 0; i < tile.rows; ++i)
      for (int j = 0; j < tile.columns; ++j, outputs += L)
        for (int lane = 0; lane < lanes_of(block, problem.filters); ++lane)
          outputs[lane] = bias[lane] + direct.output(block * L + lane, tile.row + i,
                                                     tile.column + j);
  }

  Vector gradient_of_image(const Tile& tile, ptrdiff_t n, int block, T* outputs) const {
    const Epilogue epilogue(problem, tile);
    T* pooled = outputs + size_t(S) * S * L;
    T* planes[L];
    pooled_planes(const_cast<T*>(backward_.grad_output), n, block, planes);
    each_pooled_run(epilogue, tile, [&](ptrdiff_t start, int length, int first) {
      read_run(planes, start, length, pooled + first * L, L);
    });
    return epilogue.backward(pooled, backward_.mask + mask_offset(n, block), outputs);
  }

  void add_directly(ptrdiff_t n) const {
    const ptrdiff_t numbers = problem.channels * problem.pixels();
    const Direct<T> direct(problem, backward_.images + n * numbers, backward_.weights);
    T* outputs = reinterpret_cast<T*>(tile_of_thread() + S * S);
    for (ptrdiff_t t = 0; t < tiling.count(); ++t)
      for (int block = 0; block < filter_blocks(); ++block) {
        const Tile tile = tiling[t];
        gradient_of_image(tile, n, block, outputs);
        const T* gradient = outputs;
        for (int i = 0; i < tile.rows; ++i)
          for (int j = 0; j < tile.columns; ++j, gradient += L)
            for (int lane = 0; lane < lanes_of(block, problem.filters); ++lane)
              direct.add_gradients(
                  block * L + lane, tile.row + i, tile.column + j, gradient[lane],
                  backward_.grad_weights,
                  backward_.grad_images ? backward_.grad_images + n * numbers : NULL);
      }
  }

  // The planes of the pooled output, or of its gradient; a lane without a filter
  // repeats the last one.
  void pooled_planes(T* output, ptrdiff_t n, int block, T** planes) const {
    const int lanes = lanes_of(block, problem.filters);
    for (int lane = 0; lane < L; ++lane)
      planes[lane] =
          output + (n * problem.filters + block * L + std::min(lane, lanes - 1)) *
                       problem.outputs();
  }

  // Calls a function with each run of pooled pixels: its start in the plane, its
  // length, and its first pixel in the tile's pooled block.
  template <typename Function>
  void each_pooled_run(const Epilogue& epilogue, const Tile& tile,
                       const Function& function) const {
    const ptrdiff_t across = problem.columns.pooled;
    const int tall = epilogue.pooled_rows(), wide = epilogue.pooled_columns();
    if (wide == across) return function(tile.row / POOL * across, tall * wide, 0);
    for (int i = 0; i < tall; ++i)
      function((tile.row / POOL + i) * across + tile.column / POOL, wide, i * wide);
  }

  T *scratch_, *sums_, *weight_sums_;
  T *nothing_, *discarded_;  // instead of images that do not exist or do not transform
};

}  // namespace stn

#endif  // STN_CONVOLUTION_STAGES_H
