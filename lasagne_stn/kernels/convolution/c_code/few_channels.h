// The method for one or two channels: a spectrum of a pair of images is a row of
// numbers, each of which is multiplied by the weights of a block of filters.
//
// The product never leaves the cache: for each pair of images and each block of filters
// it is made, transformed back, pooled and written. A lane is a filter; when images are
// transformed, it is a pair of images.
#ifndef STN_CONVOLUTION_FEW_CHANNELS_H
#define STN_CONVOLUTION_FEW_CHANNELS_H

#include "stages.h"

namespace stn {

// The sums over the lanes of four vectors.
template <typename T>
STN_INLINE void sum_lanes(const typename Lanes<T>::Vector* vectors, T* sums) {
  for (int k = 0; k < 4; ++k) {
    T sum = 0;
    for (int lane = 0; lane < Lanes<T>::COUNT; ++lane) sum += vectors[k][lane];
    sums[k] = sum;
  }
}
template <>
STN_INLINE void sum_lanes<float>(const Lanes<float>::Vector* vectors, float* sums) {
  Four rows[4];
  for (int k = 0; k < 4; ++k) {
    const Four* parts = reinterpret_cast<const Four*>(vectors + k);
    rows[k] = parts[0];
    for (int part = 1; part < Lanes<float>::COUNT / 4; ++part) rows[k] += parts[part];
  }
  transpose(rows);
  store_four(sums, (rows[0] + rows[1]) + (rows[2] + rows[3]));
}

template <typename T, int S, int POOL, bool RELU>
class FewChannels : public Stages<T, S, POOL, RELU> {
 public:
  explicit FewChannels(const Problem& problem)
      : Base(problem),
        image_step_(size_t(2) * S * S),
        weight_step_(size_t(2) * FREQUENCIES * L) {}

  void forward(const ForwardArrays<T>& arrays) {
    this->begin_forward(arrays);
    prepare(arrays.weights);
    each_part([&](const Tile& tile) {
      transform_images(arrays.images, tile);
      share_out(this->filter_blocks(), pairs(), [&](int block, int pair) {
        Complex<T>* z = this->tile_of_thread();
        for (int channel = 0; channel < this->problem.channels; ++channel)
          multiply(pair, block, channel, z);
        this->finish_pair(tile, first_ + pair, block, z);
      });
    });
  }

  void backward(const BackwardArrays<T>& arrays) {
    this->begin_backward(arrays);
    prepare(arrays.weights);
    const size_t sums =
        this->filter_blocks() * CHUNKS * this->problem.channels * weight_step_;
    sums_ = memory().grad_weights.get(sums);
    std::fill(sums_, sums_ + sums, T(0));
    if (arrays.grad_images)
      grad_images_ = memory().grad_images.get(this->filter_blocks() * images_step());
    each_part([&](const Tile& tile) {
      transform_images(arrays.images, tile);
      share_out(this->filter_blocks(), CHUNKS,
                [&](int block, int chunk) { go_back(arrays, tile, block, chunk); });
      if (arrays.grad_images) sum_to_images(tile);
    });
    if (arrays.grad_weights) sum_to_weights();
    this->end_backward();
  }

 private:
  typedef Stages<T, S, POOL, RELU> Base;
  typedef stn::Spectrum<T, S> Spectrum;
  typedef typename Lanes<T>::Vector Vector;
  enum { L = Lanes<T>::COUNT, FREQUENCIES = Spectrum::PAIRS };
  // Pairs of images at a time. They are cut into chunks with sums of their own, so that
  // sums have the same order for any number of threads.
  enum { PAIRS = 32, CHUNKS = 4 };
  using Base::memory;

  int pairs() const {
    return static_cast<int>(std::min<ptrdiff_t>(PAIRS, this->image_pairs() - first_));
  }

  template <typename Function>
  void each_part(const Function& function) {
    for (ptrdiff_t t = 0; t < this->tiling.count(); ++t)
      for (first_ = 0; first_ < this->image_pairs(); first_ += PAIRS)
        function(this->tiling[t]);
  }

  // ---- spectra of images: numbers [pair][channel][frequency][real, imaginary]

  size_t images_step() const { return PAIRS * this->problem.channels * image_step_; }

  T* image_spectrum(T* images, int pair, int channel) const {
    return images + (size_t(pair) * this->problem.channels + channel) * image_step_;
  }

  void transform_images(const T* images, const Tile& tile) {
    share_out(
        (pairs() + L - 1) / L, this->problem.channels, [&](int group, int channel) {
          Complex<T>* z = this->tile_of_thread();
          const int lanes = Base::lanes_of(group, pairs());
          this->pairs_of_channel(images, tile, first_ + group * L, channel, z);
          for (int f = 0; f < S * S; ++f)
            for (int lane = 0; lane < lanes; ++lane) {
              T* numbers = image_spectrum(images_, group * L + lane, channel) + 2 * f;
              numbers[0] = z[f].re[lane];
              numbers[1] = z[f].im[lane];
            }
        });
  }

  // ---- of weights: vectors [block][channel][pair of frequencies][real, imaginary]

  T* weight_spectrum(T* weights, int block, int channel) const {
    return weights + (size_t(block) * this->problem.channels + channel) * weight_step_;
  }

  void prepare(const T* weights) {
    images_ = memory().images.get(images_step());
    weights_ = memory().weights.get(this->filter_blocks() * this->problem.channels *
                                    weight_step_);
    const T scale = T(1) / (S * S);
    share_out(this->filter_blocks(), this->problem.channels,
              [&](int block, int channel) {
                Complex<T>* z = this->tile_of_thread();
                this->filters_of_channel(weights, channel, block, z);
                T* to = weight_spectrum(weights_, block, channel);
                for (int u = 0; u < FREQUENCIES; ++u, to += 2 * L) {
                  Lanes<T>::store(to, z[Spectrum::pairs()[u].f].re * scale);
                  Lanes<T>::store(to + L, z[Spectrum::pairs()[u].f].im * scale);
                }
              });
  }

  // ---- products; at a frequency and its negative, weights are conjugates

  // Adds one channel's product, with real and imaginary parts swapped.
  void multiply(int pair, int block, int channel, Complex<T>* z) const {
    const T* numbers = image_spectrum(images_, pair, channel);
    const T* weights = weight_spectrum(weights_, block, channel);
    for (int u = 0; u < FREQUENCIES; ++u, weights += 2 * L) {
      const auto at = Spectrum::pairs()[u];
      const Vector re = Lanes<T>::load(weights), im = Lanes<T>::load(weights + L);
      const T *f = numbers + 2 * at.f, *g = numbers + 2 * at.g;
      Complex<T> of_f = {im * f[0] + re * f[1], re * f[0] - im * f[1]};
      Complex<T> of_g = {re * g[1] - im * g[0], re * g[0] + im * g[1]};
      if (channel) {
        of_f = of_f + z[at.f];
        of_g = of_g + z[at.g];
      }
      z[at.g] = of_g;
      z[at.f] = of_f;
    }
  }

  void go_back(const BackwardArrays<T>& arrays, const Tile& tile, int block,
               int chunk) const {
    Complex<T>* z = this->tile_of_thread();
    const int chunk_pairs = PAIRS / CHUNKS;
    const int last = std::min(pairs(), (chunk + 1) * chunk_pairs);
    for (int pair = chunk * chunk_pairs; pair < last; ++pair) {
      this->gradient_of_pair(tile, first_ + pair, block, z);
      for (int channel = 0; channel < this->problem.channels; ++channel) {
        if (arrays.grad_weights)
          add_to_sum(z, image_spectrum(images_, pair, channel),
                     weight_spectrum(sums_, block * CHUNKS + chunk, channel));
        if (arrays.grad_images)
          multiply_back(
              z, weight_spectrum(weights_, block, channel),
              image_spectrum(grad_images_ + block * images_step(), pair, channel));
      }
    }
  }

  // Adds up both frequencies, of which the second counts as its conjugate.
  static void add_to_sum(const Complex<T>* z, const T* numbers, T* sums) {
    for (int u = 0; u < FREQUENCIES; ++u, sums += 2 * L) {
      const auto at = Spectrum::pairs()[u];
      const Complex<T> of_f = z[at.f], of_g = z[at.g];
      const T *f = numbers + 2 * at.f, *g = numbers + 2 * at.g;
      Vector re = Lanes<T>::load(sums) + of_f.re * f[0] + of_f.im * f[1];
      Vector im = Lanes<T>::load(sums + L) + of_f.im * f[0] - of_f.re * f[1];
      if (!at.single()) {
        re += of_g.re * g[0] + of_g.im * g[1];
        im += of_g.re * g[1] - of_g.im * g[0];
      }
      Lanes<T>::store(sums, re);
      Lanes<T>::store(sums + L, im);
    }
  }

  // The sum over a block's filters.
  static void multiply_back(const Complex<T>* z, const T* weights, T* numbers) {
    for (int u = 0; u < FREQUENCIES; ++u, weights += 2 * L) {
      const auto at = Spectrum::pairs()[u];
      const Vector re = Lanes<T>::load(weights), im = Lanes<T>::load(weights + L);
      const Complex<T> of_f = z[at.f], of_g = z[at.g];
      const Vector products[4] = {
          of_f.re * re + of_f.im * im, of_f.im * re - of_f.re * im,
          of_g.re * re - of_g.im * im, of_g.im * re + of_g.re * im};
      T sums[4];
      sum_lanes<T>(products, sums);
      std::copy(sums + 2, sums + 4, numbers + 2 * at.g);
      std::copy(sums, sums + 2, numbers + 2 * at.f);
    }
  }

  void sum_to_images(const Tile& tile) const {
    share_out(
        (pairs() + L - 1) / L, this->problem.channels, [&](int group, int channel) {
          Complex<T>* z = this->tile_of_thread();
          T* swapped = reinterpret_cast<T*>(z);
          const int lanes = Base::lanes_of(group, pairs());
          std::fill(z, z + S * S, Complex<T>());
          for (int lane = 0; lane < lanes; ++lane)
            for (int block = 0; block < this->filter_blocks(); ++block) {
              const T* numbers = image_spectrum(grad_images_ + block * images_step(),
                                                group * L + lane, channel);
              for (int f = 0; f < S * S; ++f) {
                swapped[2 * f * L + lane] += numbers[2 * f + 1];
                swapped[(2 * f + 1) * L + lane] += numbers[2 * f];
              }
            }
          this->add_to_pairs(tile, first_ + group * L, lanes, channel, z);
        });
  }

  void sum_to_weights() const {
    share_out(
        this->problem.channels, this->filter_blocks(), [&](int channel, int block) {
          Complex<T>* z = this->tile_of_thread();
          for (int u = 0; u < FREQUENCIES; ++u) {
            Vector re = Vector{}, im = Vector{};
            for (int chunk = 0; chunk < CHUNKS; ++chunk) {
              const T* sums =
                  weight_spectrum(sums_, block * CHUNKS + chunk, channel) + u * 2 * L;
              re += Lanes<T>::load(sums);
              im += Lanes<T>::load(sums + L);
            }
            Base::spread_sum(u, re, im, z);
          }
          this->write_weights(channel, block, z);
        });
  }

  const size_t image_step_, weight_step_;  // of a channel
  ptrdiff_t first_;                        // pair of images
  T *images_, *weights_, *sums_, *grad_images_;
};

}  // namespace stn

#endif  // STN_CONVOLUTION_FEW_CHANNELS_H
