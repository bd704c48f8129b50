// Which cases take the fast path, and how its work is shared among the threads.
//
// It serves float, two dimensions, affine maps and the border mode "nearest", where the
// processor has AVX-512. Each image of a batch is judged by its own theta: what is too
// steep, too far or NaN goes to the portable kernel, image by image.
#ifndef STN_FAST_PATH_H
#define STN_FAST_PATH_H

#include "portable_gradient.h"

namespace stn {

// Each function returns whether it has done the work.
template <typename T, int dims, bool affine, Border border>
struct FastPath {
  static bool sample(const T*, const T*, T*, const Geometry&) { return false; }
  static bool gradient(const T*, const T*, const T*, T*, T*, const Geometry&, int*) {
    return false;
  }
};

}  // namespace stn

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && \
    defined(__AVX512VL__) && !defined(STN_NO_FAST)

#include "fast_border.h"

namespace stn {
namespace fast {

enum ReaderKind { WINDOW_READER, PAIR_READER, PORTABLE };

// All comparisons are false for NaN.
inline ReaderKind reader_of(const Item& item) {
  const double far = 1e6;  // pixels
  const double* origin = item.map.origin;
  if (!(std::fabs(origin[0]) < far && std::fabs(origin[1]) < far)) return PORTABLE;
  if (WindowReader::fits(item.map, item.in)) return WINDOW_READER;
  return PairReader::fits(item.map, item.in) ? PAIR_READER : PORTABLE;
}

// Everything about one call that does not depend on the item.
struct Job {
  const Geometry& geometry;
  const float *images, *theta;
  const Plane in, out;

  Job(const float* images_, const float* theta_, const Geometry& geometry_)
      : geometry(geometry_), images(images_), theta(theta_), in(geometry_.in),
        out(geometry_.out) {}

  static bool serves(const Geometry& geometry) {
    return geometry.out[0] >= TILE && geometry.out[1] >= TILE && geometry.channels > 0;
  }

  ptrdiff_t first_plane(ptrdiff_t number) const { return number * geometry.channels; }

  // Some channels of one image.
  Item item(ptrdiff_t number, ptrdiff_t first_channel, ptrdiff_t channels) const {
    const Item item = {images + (first_plane(number) + first_channel) * in.pixels(),
                       AffineMap<2>(theta + number * 6, geometry), in, out, channels};
    return item;
  }

  AffineCoordinates<float, 2> coordinates(ptrdiff_t number) const {
    return AffineCoordinates<float, 2>(theta + number * 6, geometry);
  }

  // A block's output pixels, for the portable kernel.
  ptrdiff_t first_pixel(int block) const {
    return std::min(static_cast<ptrdiff_t>(block) * BLOCK_ROWS * TILE * out.columns,
                    out.pixels());
  }
  ptrdiff_t stop_pixel(int block) const {
    return block + 1 < out.blocks() ? first_pixel(block + 1) : out.pixels();
  }
};

// ---- forward

class Sampling {
 public:
  Sampling(const Job& job, float* output) : job_(job), output_(output) {}

  void compute() const {
    const ptrdiff_t blocks = job_.out.blocks();
    const ptrdiff_t tasks = job_.geometry.batch * blocks;
    const int at_a_time = static_cast<int>(
        std::max<ptrdiff_t>(1, tasks / (16 * thread_count())));
    (void)at_a_time;  // without OpenMP
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic, at_a_time)
#endif
    for (ptrdiff_t task = 0; task < tasks; ++task)
      compute_block(task / blocks, static_cast<int>(task % blocks));
  }

 private:
  void compute_block(ptrdiff_t number, int block) const {
    const Item item = job_.item(number, 0, job_.geometry.channels);
    float* output = output_ + job_.first_plane(number) * job_.out.pixels();
    switch (reader_of(item)) {
      case WINDOW_READER: return sample_block<WindowReader>(item, block, output);
      case PAIR_READER: return sample_block<PairReader>(item, block, output);
      case PORTABLE: break;
    }
    const ptrdiff_t stop = job_.stop_pixel(block);
    for (ptrdiff_t start = job_.first_pixel(block); start < stop; start += CHUNK_PIXELS)
      sample_pixels<BORDER_NEAREST, float, 2>(
          item.images, job_.coordinates(number), job_.geometry, start,
          static_cast<int>(std::min<ptrdiff_t>(CHUNK_PIXELS, stop - start)), output);
  }

  const Job& job_;
  float* const output_;
};

// ---- gradients

class Gradients {
 public:
  Gradients(const Job& job, const float* grad_output, float* grad_images,
            float* grad_theta)
      : job_(job), grad_output_(grad_output), grad_images_(grad_images),
        grad_theta_(grad_theta),
        // Few enough channels to stay in cache from one gradient to the next.
        group_(std::min<ptrdiff_t>(job.in.pixels() > 2048 ? 8 : job.geometry.channels,
                                   job.geometry.channels)),
        border_size_(BorderSums::memory_size(job.in, job.geometry.channels)),
        sums_(grad_theta ? job.geometry.batch : 0, job.out.blocks()),
        memory_(static_cast<float*>(std::calloc(
            grad_images ? border_size_ * thread_count() + ALIGNMENT : 1,
            sizeof(float)))) {}

  ~Gradients() { std::free(memory_); }

  int compute() {
    if (!memory_ || !sums_.has_memory()) return STATUS_NO_MEMORY;
    if (job_.geometry.batch >= 2 * thread_count())
      share_items();
    else
      share_blocks();
    if (grad_theta_) sums_.finish(job_.geometry, grad_theta_);
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
        : number(number_), first_channel(first_channel_),
          item(all.job_.item(number, first_channel,
                             std::min(channels,
                                      all.job_.geometry.channels - first_channel))),
          inverse(item.map, item.in, item.out),
          gathers(inverse.fits && reader_of(item) != PORTABLE) {
      const ptrdiff_t plane = all.job_.first_plane(number) + first_channel;
      grad_output = all.grad_output_ + plane * item.out.pixels();
      grad_images = all.grad_images_ ? all.grad_images_ + plane * item.in.pixels() : NULL;
    }
  };

  // Whole images for each thread, so that their pixels are still in its cache for the
  // second gradient.
  void share_items() {
    const ptrdiff_t channels = job_.geometry.channels;
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic, 1)
#endif
    for (ptrdiff_t number = 0; number < job_.geometry.batch; ++number)
      for (ptrdiff_t channel = 0; channel < channels; channel += group_) {
        const Piece piece(*this, number, channel, group_);
        if (grad_theta_)
          for (int block = 0; block < job_.out.blocks(); ++block)
            add_theta(piece, block);
        if (!grad_images_) continue;
        if (piece.gathers) {
          for (int block = 0; block < job_.in.blocks(); ++block) gather(piece, block);
          add_border(piece);
        } else {
          Part part = {number, channel, piece.item.channels, 0, job_.in.pixels()};
          spread(part);
        }
      }
  }

  // Blocks of rows for each thread, and then planes. The order of every sum is that of
  // share_items.
  void share_blocks() {
    const ptrdiff_t batch = job_.geometry.batch, channels = job_.geometry.channels;
    const int out_blocks = job_.out.blocks(), in_blocks = job_.in.blocks();
    const ptrdiff_t border_group = (channels + thread_count() - 1) / thread_count();
    const ptrdiff_t border_groups = (channels + border_group - 1) / border_group;
    const Parts parts(job_.geometry);
    const ptrdiff_t theta_tasks = grad_theta_ ? batch * out_blocks : 0;
    const ptrdiff_t gather_tasks = grad_images_ ? batch * in_blocks : 0;
    const ptrdiff_t border_tasks = grad_images_ ? batch * border_groups : 0;
    const ptrdiff_t spread_tasks = grad_images_ ? parts.count() : 0;
#ifdef _OPENMP
#pragma omp parallel
#endif
    {
#ifdef _OPENMP
#pragma omp for schedule(dynamic, 1) nowait
#endif
      for (ptrdiff_t task = 0; task < theta_tasks; ++task)
        for (ptrdiff_t channel = 0; channel < channels; channel += group_)
          add_theta(Piece(*this, task / out_blocks, channel, group_),
                    static_cast<int>(task % out_blocks));
#ifdef _OPENMP
#pragma omp for schedule(dynamic, 1) nowait
#endif
      for (ptrdiff_t task = 0; task < spread_tasks; ++task) {
        const Part part = parts.part(task);
        if (!Piece(*this, part.item, 0, channels).gathers) spread(part);
      }
#ifdef _OPENMP
#pragma omp for schedule(dynamic, 1)
#endif
      for (ptrdiff_t task = 0; task < gather_tasks; ++task) {
        const Piece piece(*this, task / in_blocks, 0, channels);
        if (piece.gathers) gather(piece, static_cast<int>(task % in_blocks));
      }
#ifdef _OPENMP
#pragma omp for schedule(dynamic, 1)
#endif
      for (ptrdiff_t task = 0; task < border_tasks; ++task) {
        const Piece piece(*this, task / border_groups,
                          task % border_groups * border_group, border_group);
        if (piece.gathers) add_border(piece);
      }
    }
  }

  void add_theta(const Piece& piece, int block) {
    double* sums = sums_.of(piece.number, block);
    switch (reader_of(piece.item)) {
      case WINDOW_READER:
        return add_theta_sums<WindowReader>(piece.item, block, piece.grad_output, sums);
      case PAIR_READER:
        return add_theta_sums<PairReader>(piece.item, block, piece.grad_output, sums);
      case PORTABLE: break;
    }
    Geometry geometry = job_.geometry;
    geometry.channels = piece.item.channels;
    const ptrdiff_t stop = job_.stop_pixel(block);
    for (ptrdiff_t start = job_.first_pixel(block); start < stop;
         start += CHUNK_PIXELS) {
      Chunk<float, 2> chunk;
      Slopes<float, 2> slopes;
      make_slopes<BORDER_NEAREST>(
          piece.item.images, job_.coordinates(piece.number), piece.grad_output, geometry,
          start, static_cast<int>(std::min<ptrdiff_t>(CHUNK_PIXELS, stop - start)),
          chunk, slopes);
      stn::add_theta_sums(chunk, slopes, geometry, sums);
    }
  }

  void gather(const Piece& piece, int block) {
    gather_block(piece.item, piece.inverse, block, piece.grad_output, piece.grad_images);
  }

  // After all blocks of the same planes have been gathered.
  void add_border(const Piece& piece) {
    const uintptr_t bytes = ALIGNMENT * sizeof(float);
    float* memory = memory_;
    while (reinterpret_cast<uintptr_t>(memory) % bytes) ++memory;
    BorderSums sums(piece.item, memory + border_size_ * thread_number());
    if (!sums.any()) return;
    const ptrdiff_t step = BORDER_CHANNELS;
    for (ptrdiff_t channel = 0; channel < piece.item.channels; channel += step)
      sums.add(std::min(step, piece.item.channels - channel),
               piece.grad_output + channel * job_.out.pixels(),
               piece.grad_images + channel * job_.in.pixels());
  }

  void spread(const Part& part) {
    fill_part<float, 2, true, BORDER_NEAREST>(job_.theta, grad_output_, grad_images_,
                                              job_.geometry, part);
  }

  const Job& job_;
  const float* const grad_output_;
  float *const grad_images_, *const grad_theta_;
  const ptrdiff_t group_;
  const size_t border_size_;
  ThetaSums<2> sums_;
  float* const memory_;
};

}  // namespace fast

template <>
struct FastPath<float, 2, true, BORDER_NEAREST> {
  static bool sample(const float* images, const float* theta, float* output,
                     const Geometry& geometry) {
    if (!fast::Job::serves(geometry)) return false;
    const fast::Job job(images, theta, geometry);
    fast::Sampling(job, output).compute();
    return true;
  }

  static bool gradient(const float* images, const float* theta, const float* grad_output,
                       float* grad_images, float* grad_theta, const Geometry& geometry,
                       int* status) {
    if (!fast::Job::serves(geometry)) return false;
    const fast::Job job(images, theta, geometry);
    *status = fast::Gradients(job, grad_output, grad_images, grad_theta).compute();
    return true;
  }
};

}  // namespace stn

#endif  // AVX-512

#endif  // STN_FAST_PATH_H
