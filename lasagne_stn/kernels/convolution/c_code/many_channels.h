// The method for many channels: at each frequency, spectra of images times spectra of
// weights is a matrix product over channels.
//
// Some pairs of images at a time, in three steps with a barrier after each: spectra of
// all channels; a product at each frequency; back to outputs. A lane is a channel, or a
// filter.
#ifndef STN_CONVOLUTION_MANY_CHANNELS_H
#define STN_CONVOLUTION_MANY_CHANNELS_H

#include "product.h"
#include "stages.h"

namespace stn {

template <typename T, int S, int POOL, bool RELU>
class ManyChannels : public Stages<T, S, POOL, RELU> {
 public:
  explicit ManyChannels(const Problem& problem)
      : Base(problem),
        channels_(this->channel_blocks() * L),
        filters_(this->filter_blocks() * L),
        // Rows, and frequencies, are an odd number of cache lines apart, or they would
        // share the few places of a cache.
        image_step_(PAIRS * row(channels_) + 16),
        output_step_(PAIRS * row(filters_) + 16),
        weight_step_(problem.channels * row(filters_) + 16),
        turned_step_(problem.filters * row(channels_) + 16) {}

  void forward(const ForwardArrays<T>& arrays) {
    this->begin_forward(arrays);
    images_ = memory().images.get(image_step_ * S * S);
    outputs_ = memory().outputs.get(output_step_ * S * S);
    transform_weights(arrays.weights);
    for (ptrdiff_t t = 0; t < this->tiling.count(); ++t)
      for (first_ = 0; first_ < this->image_pairs(); first_ += PAIRS) {
        const Tile tile = this->tiling[t];
        transform_images(arrays.images, tile);
        share_out(FREQUENCIES, [&](ptrdiff_t u) { multiply(u); });
        share_out(pairs(), this->filter_blocks(), [&](int pair, int block) {
          Complex<T>* z = this->tile_of_thread();
          gather(outputs_ + offset(pair, filters_, block), output_step_, filters_, z);
          this->finish_pair(tile, first_ + pair, block, z);
        });
      }
  }

  void backward(const BackwardArrays<T>& arrays) {
    this->begin_backward(arrays);
    images_ = memory().images.get(image_step_ * S * S);
    outputs_ = memory().outputs.get(output_step_ * S * S);
    if (arrays.grad_images) {
      grad_images_ = memory().grad_images.get(image_step_ * S * S);
      transform_turned_weights(arrays.weights);
    }
    if (arrays.grad_weights) {
      weights_ = memory().weights.get(weight_step_ * FREQUENCIES);
      std::fill(weights_, weights_ + weight_step_ * FREQUENCIES, T(0));
    }
    for (ptrdiff_t t = 0; t < this->tiling.count(); ++t)
      for (first_ = 0; first_ < this->image_pairs(); first_ += PAIRS)
        go_back(arrays, this->tiling[t]);
    if (arrays.grad_weights) sum_to_weights();
    this->end_backward();
  }

 private:
  typedef Stages<T, S, POOL, RELU> Base;
  typedef stn::Spectrum<T, S> Spectrum;
  enum { L = Lanes<T>::COUNT, FREQUENCIES = Spectrum::PAIRS };
  enum { PAIRS = 32 };  // of images at a time
  using Base::memory;

  void go_back(const BackwardArrays<T>& arrays, const Tile& tile) {
    if (arrays.grad_weights) transform_images(arrays.images, tile);
    share_out(pairs(), this->filter_blocks(), [&](int pair, int block) {
      Complex<T>* z = this->tile_of_thread();
      this->gradient_of_pair(tile, first_ + pair, block, z);
      scatter(z, outputs_ + offset(pair, filters_, block), output_step_, filters_);
    });
    share_out(FREQUENCIES, [&](ptrdiff_t u) {
      if (arrays.grad_weights) sum_weights(static_cast<int>(u));
      if (arrays.grad_images) multiply_back(static_cast<int>(u));
    });
    if (!arrays.grad_images) return;
    share_out(pairs(), this->channel_blocks(), [&](int pair, int block) {
      Complex<T>* z = this->tile_of_thread();
      gather(grad_images_ + offset(pair, channels_, block), image_step_, channels_, z);
      this->add_to_channels(tile, first_ + pair, block, z);
    });
  }

  // ---- spectra: [frequency][pair][real, imaginary][lane], and for weights
  //      [frequency][channel or filter][real, imaginary][lane]

  int pairs() const {
    return static_cast<int>(std::min<ptrdiff_t>(PAIRS, this->image_pairs() - first_));
  }
  static size_t row(int lanes) { return (2 * lanes + 15) / 16 / 2 * 2 * 16 + 16; }
  static size_t offset(int pair, int lanes, int block) {
    return pair * row(lanes) + block * L;
  }

  void transform_images(const T* images, const Tile& tile) {
    share_out(pairs(), this->channel_blocks(), [&](int pair, int block) {
      Complex<T>* z = this->tile_of_thread();
      this->channels_of_pair(images, tile, first_ + pair, block, z);
      scatter(z, images_ + offset(pair, channels_, block), image_step_, channels_);
    });
  }

  void transform_weights(const T* weights) {
    weights_ = memory().weights.get(weight_step_ * FREQUENCIES);
    share_out(this->problem.channels, this->filter_blocks(),
              [&](int channel, int block) {
                Complex<T>* z = this->tile_of_thread();
                this->filters_of_channel(weights, channel, block, z);
                scatter_half(z, weights_ + offset(channel, filters_, block),
                             weight_step_, filters_);
              });
  }

  void transform_turned_weights(const T* weights) {
    turned_ = memory().turned_weights.get(turned_step_ * FREQUENCIES);
    share_out(this->problem.filters, this->channel_blocks(),
              [&](int filter, int block) {
                Complex<T>* z = this->tile_of_thread();
                this->channels_of_filter(weights, filter, block, z);
                scatter_half(z, turned_ + offset(filter, channels_, block),
                             turned_step_, channels_);
              });
  }

  static void scatter(const Complex<T>* z, T* to, size_t step, int half) {
    for (int f = 0; f < S * S; ++f, to += step) {
      Lanes<T>::store(to, z[f].re);
      Lanes<T>::store(to + half, z[f].im);
    }
  }
  // Of weights, divided by the factor that an inverse transform leaves.
  static void scatter_half(const Complex<T>* z, T* to, size_t step, int half) {
    const T scale = T(1) / (S * S);
    for (int u = 0; u < FREQUENCIES; ++u, to += step) {
      Lanes<T>::store(to, z[Spectrum::pairs()[u].f].re * scale);
      Lanes<T>::store(to + half, z[Spectrum::pairs()[u].f].im * scale);
    }
  }
  // Back, with real and imaginary parts swapped.
  static void gather(const T* from, size_t step, int half, Complex<T>* z) {
    for (int f = 0; f < S * S; ++f, from += step)
      z[f] = {Lanes<T>::load(from + half), Lanes<T>::load(from)};
  }

  // ---- products at a pair of frequencies f and -f, where weights are conjugates

  void multiply(int u) const {
    const typename Spectrum::Pair pair = Spectrum::pairs()[u];
    const Vectors<T> weights = vectors(weights_ + u * weight_step_, filters_);
    const auto compute = [&](auto product, int f) {
      product.compute(pairs(), this->problem.channels, this->filter_blocks(),
                      by_pair(images_ + f * image_step_, channels_), weights,
                      vectors(outputs_ + f * output_step_, filters_));
    };
    compute(Product<T, NEITHER, false>(), pair.f);
    if (!pair.single()) compute(Product<T, CONJUGATE_B, false>(), pair.g);
  }

  void multiply_back(int u) const {
    const typename Spectrum::Pair pair = Spectrum::pairs()[u];
    const Vectors<T> weights = vectors(turned_ + u * turned_step_, channels_);
    const auto compute = [&](auto product, int f) {
      product.compute(pairs(), this->problem.filters, this->channel_blocks(),
                      by_pair(outputs_ + f * output_step_, filters_), weights,
                      vectors(grad_images_ + f * image_step_, channels_));
    };
    compute(Product<T, CONJUGATE_B, false>(), pair.f);
    if (!pair.single()) compute(Product<T, NEITHER, false>(), pair.g);
  }

  // Adds up both frequencies, of which the second counts as its conjugate.
  void sum_weights(int u) const {
    const typename Spectrum::Pair pair = Spectrum::pairs()[u];
    const Vectors<T> sums = vectors(weights_ + u * weight_step_, filters_);
    const auto compute = [&](auto product, int f) {
      product.compute(this->problem.channels, pairs(), this->filter_blocks(),
                      by_channel(images_ + f * image_step_, channels_),
                      vectors(outputs_ + f * output_step_, filters_), sums);
    };
    compute(Product<T, CONJUGATE_A, true>(), pair.f);
    if (!pair.single()) compute(Product<T, CONJUGATE_B, true>(), pair.g);
  }

  static Vectors<T> vectors(T* data, int lanes) {
    return {data, lanes, static_cast<ptrdiff_t>(row(lanes))};
  }
  static Numbers<T> by_pair(const T* data, int lanes) {
    return {data, lanes, static_cast<ptrdiff_t>(row(lanes)), 1};
  }
  static Numbers<T> by_channel(const T* data, int lanes) {
    return {data, lanes, 1, static_cast<ptrdiff_t>(row(lanes))};
  }

  void sum_to_weights() const {
    share_out(this->problem.channels, this->filter_blocks(),
              [&](int channel, int block) {
                Complex<T>* z = this->tile_of_thread();
                const T* from = weights_ + offset(channel, filters_, block);
                for (int u = 0; u < FREQUENCIES; ++u, from += weight_step_)
                  Base::spread_sum(u, Lanes<T>::load(from),
                                   Lanes<T>::load(from + filters_), z);
                this->write_weights(channel, block, z);
              });
  }

  const int channels_, filters_;  // with those of lanes that have none
  const size_t image_step_, output_step_, weight_step_, turned_step_;  // of a frequency
  ptrdiff_t first_;                                                    // pair of images
  T *images_, *outputs_, *grad_images_, *weights_, *turned_;
};

}  // namespace stn

#endif  // STN_CONVOLUTION_MANY_CHANNELS_H
