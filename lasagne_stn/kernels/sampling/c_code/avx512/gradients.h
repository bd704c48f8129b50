// Both gradients of the fast path, shared among the threads.
#ifndef STN_AVX512_GRADIENTS_H
#define STN_AVX512_GRADIENTS_H

#include "avx512/border.h"
#include "avx512/call.h"
#include "portable/image_gradient.h"
#include "portable/coords_gradient.h"

namespace stn {
namespace fast {

// A gradient that is not wanted is not compiled.
template <bool with_images, bool with_theta>
class Gradients {
 public:
  Gradients(const Call& call, const float* grad_output, float* grad_images,
            float* grad_theta)
      : call_(call),
        grad_output_(grad_output),
        grad_images_(grad_images),
        grad_theta_(grad_theta),
        // Few enough channels to stay in cache from one gradient to the next.
        group_(std::min<ptrdiff_t>(call.in.pixels() > 2048 ? 8 : call.geometry.channels,
                                   call.geometry.channels)),
        threads_(thread_count(call.geometry)),
        border_size_(BorderSums::memory_size(call.in, call.geometry.channels)),
        sums_(with_theta ? call.geometry.batch : 0, call.out.blocks()),
        memory_(static_cast<float*>(std::calloc(
            with_images ? border_size_ * threads_ + ALIGNMENT : 1, sizeof(float)))) {}

  ~Gradients() { std::free(memory_); }

  int compute() {
    if (!memory_ || !sums_.has_memory()) return STATUS_NO_MEMORY;
    if (call_.geometry.batch >= 2 * threads_)
      share_items();
    else
      share_blocks();
    if (with_theta) sums_.finish(call_.geometry, grad_theta_);
    return STATUS_FINE;
  }

 private:
  static const int ALIGNMENT = 16;  // floats

  Gradients(const Gradients&);
  void operator=(const Gradients&);

  // Some channels of one image.
  struct Piece {
    ptrdiff_t number, first_channel;
    Item item;
    Inverse inverse;
    bool gathers;  // its image gradient; else it is scattered
    const float* grad_output;
    float* grad_images;

    Piece(const Gradients& all, ptrdiff_t number_, ptrdiff_t first_channel_,
          ptrdiff_t channels)
        : number(number_),
          first_channel(first_channel_),
          item(all.call_.item(
              number, first_channel,
              std::min(channels, all.call_.geometry.channels - first_channel))),
          inverse(item.map, item.in, item.out),
          gathers(inverse.fits && reader_of(item) != PORTABLE) {
      const ptrdiff_t plane = all.call_.first_plane(number) + first_channel;
      grad_output = all.grad_output_ + plane * item.out.pixels();
      grad_images = with_images ? all.grad_images_ + plane * item.in.pixels() : NULL;
    }
  };

  // Whole images for each thread, so that their pixels are still in its cache for the
  // second gradient.
  void share_items() {
    const ptrdiff_t channels = call_.geometry.channels;
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads_)
#endif
    for (ptrdiff_t number = 0; number < call_.geometry.batch; ++number)
      for (ptrdiff_t channel = 0; channel < channels; channel += group_) {
        const Piece piece(*this, number, channel, group_);
        if (with_theta)
          for (int block = 0; block < call_.out.blocks(); ++block)
            add_theta(piece, block);
        if (with_images && piece.gathers) {
          for (int block = 0; block < call_.in.blocks(); ++block) gather(piece, block);
          add_border(piece);
        } else if (with_images) {
          const Part part = {number, channel, piece.item.channels, 0,
                             call_.in.pixels()};
          scatter(part);
        }
      }
  }

  // Blocks of rows for each thread, and then planes. The order of every sum is that of
  // share_items.
  void share_blocks() {
    const ptrdiff_t batch = call_.geometry.batch, channels = call_.geometry.channels;
    const int out_blocks = call_.out.blocks(), in_blocks = call_.in.blocks();
    const ptrdiff_t border_group = (channels + threads_ - 1) / threads_;
    const ptrdiff_t border_groups = (channels + border_group - 1) / border_group;
    const Parts parts(call_.geometry);
    const ptrdiff_t theta_tasks = with_theta ? batch * out_blocks : 0;
    const ptrdiff_t gather_tasks = with_images ? batch * in_blocks : 0;
    const ptrdiff_t border_tasks = with_images ? batch * border_groups : 0;
    const ptrdiff_t scatter_tasks = with_images ? parts.count() : 0;
#ifdef _OPENMP
#pragma omp parallel num_threads(threads_)
#endif
    {
#ifdef _OPENMP
#pragma omp for schedule(dynamic, 1) nowait
#endif
      for (ptrdiff_t task = 0; task < theta_tasks; ++task)
        for (ptrdiff_t channel = 0; with_theta && channel < channels; channel += group_)
          add_theta(Piece(*this, task / out_blocks, channel, group_),
                    static_cast<int>(task % out_blocks));
#ifdef _OPENMP
#pragma omp for schedule(dynamic, 1) nowait
#endif
      for (ptrdiff_t task = 0; task < scatter_tasks; ++task) {
        const Part part = parts.part(task);
        if (with_images && !Piece(*this, part.item, 0, channels).gathers) scatter(part);
      }
#ifdef _OPENMP
#pragma omp for schedule(dynamic, 1)
#endif
      for (ptrdiff_t task = 0; task < gather_tasks; ++task) {
        const Piece piece(*this, task / in_blocks, 0, channels);
        if (with_images && piece.gathers)
          gather(piece, static_cast<int>(task % in_blocks));
      }
#ifdef _OPENMP
#pragma omp for schedule(dynamic, 1)
#endif
      for (ptrdiff_t task = 0; task < border_tasks; ++task) {
        const Piece piece(*this, task / border_groups,
                          task % border_groups * border_group, border_group);
        if (with_images && piece.gathers) add_border(piece);
      }
    }
  }

  void add_theta(const Piece& piece, int block) {
    double* sums = sums_.of(piece.number, block);
    switch (reader_of(piece.item)) {
      case WINDOW_READER:
        return add_block_to_theta<WindowReader>(piece.item, block, piece.grad_output,
                                                sums);
      case PAIR_READER:
        return add_block_to_theta<PairReader>(piece.item, block, piece.grad_output,
                                              sums);
      case PORTABLE: break;
    }
    Geometry geometry = call_.geometry;
    geometry.channels = piece.item.channels;
    const ptrdiff_t stop = call_.stop_pixel(block);
    for (ptrdiff_t start = call_.first_pixel(block); start < stop;
         start += CHUNK_PIXELS) {
      Chunk<float, 2, BORDER_NEAREST> chunk(geometry);
      Slopes<float, 2> slopes;
      make_slopes(piece.item.images, call_.coordinates(piece.number), piece.grad_output,
                  geometry, start,
                  static_cast<int>(std::min<ptrdiff_t>(CHUNK_PIXELS, stop - start)),
                  chunk, slopes);
      add_chunk_to_theta(chunk, slopes, geometry, sums);
    }
  }

  void gather(const Piece& piece, int block) {
    gather_block(piece.item, piece.inverse, block, piece.grad_output,
                 piece.grad_images);
  }

  // After all blocks of the same planes have been gathered.
  void add_border(const Piece& piece) {
    const uintptr_t bytes = ALIGNMENT * sizeof(float);
    float* memory = memory_;
    while (reinterpret_cast<uintptr_t>(memory) % bytes) ++memory;
    BorderSums sums(piece.item, memory + border_size_ * thread_number());
    if (sums.any()) sums.add_all(piece.grad_output, piece.grad_images);
  }

  void scatter(const Part& part) {
    fill_part<float, 2, true, BORDER_NEAREST, Bilinear>(
        call_.theta, grad_output_, grad_images_, call_.geometry, part);
  }

  const Call& call_;
  const float* const grad_output_;
  float *const grad_images_, *const grad_theta_;
  const ptrdiff_t group_;
  const int threads_;
  const size_t border_size_;
  ThetaSums<2> sums_;
  float* const memory_;
};

}  // namespace fast
}  // namespace stn

#endif  // STN_AVX512_GRADIENTS_H
