// Which cases take the fast path, and how its work is shared among the threads.
//
// It serves float, two dimensions and the border mode "nearest", where the processor
// has AVX-512. Under affine maps each image of a batch is judged by its own theta: what
// is too steep, too far or NaN goes to the portable kernel, image by image. Of given
// points all are served; only the gradient with respect to the images is the portable
// kernel's.
#ifndef STN_AVX512_PATH_H
#define STN_AVX512_PATH_H

#include "portable/forward.h"

namespace stn {

// Each function returns whether it has done the work.
template <typename T, int dims, bool affine, Border border, typename Interpolation>
struct FastPath {
  static bool sample(const T*, const T*, T*, const Geometry&) { return false; }
  template <bool with_images, bool with_coords>
  static bool gradient(const T*, const T*, const T*, T*, T*, const Geometry&, int*) {
    return false;
  }
};

}  // namespace stn

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && \
    defined(__AVX512VL__) && !defined(STN_NO_FAST)

#include "avx512/gradients.h"
#include "avx512/points.h"

namespace stn {
namespace fast {

class Sampling {
 public:
  Sampling(const Call& call, float* output) : call_(call), output_(output) {}

  void compute() const {
    const ptrdiff_t blocks = call_.out.blocks();
    const ptrdiff_t tasks = call_.geometry.batch * blocks;
    const int threads = thread_count(call_.geometry);
    const int at_a_time =
        static_cast<int>(std::max<ptrdiff_t>(1, tasks / (16 * threads)));
    (void)at_a_time;  // without OpenMP
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic, at_a_time) num_threads(threads)
#endif
    for (ptrdiff_t task = 0; task < tasks; ++task)
      compute_block(task / blocks, static_cast<int>(task % blocks));
  }

 private:
  void compute_block(ptrdiff_t number, int block) const {
    const Item item = call_.item(number, 0, call_.geometry.channels);
    float* output = output_ + call_.first_plane(number) * call_.out.pixels();
    switch (reader_of(item)) {
      case WINDOW_READER: return sample_block<WindowReader>(item, block, output);
      case PAIR_READER: return sample_block<PairReader>(item, block, output);
      case PORTABLE: break;
    }
    const ptrdiff_t stop = call_.stop_pixel(block);
    for (ptrdiff_t start = call_.first_pixel(block); start < stop;
         start += CHUNK_PIXELS)
      sample_pixels<BORDER_NEAREST, Bilinear, float, 2>(
          item.images, call_.coordinates(number), call_.geometry, start,
          static_cast<int>(std::min<ptrdiff_t>(CHUNK_PIXELS, stop - start)), output);
  }

  const Call& call_;
  float* const output_;
};

}  // namespace fast

template <>
struct FastPath<float, 2, true, BORDER_NEAREST, Bilinear> {
  static bool sample(const float* images, const float* theta, float* output,
                     const Geometry& geometry) {
    if (!fast::Call::serves(geometry)) return false;
    const fast::Call call(images, theta, geometry);
    fast::Sampling(call, output).compute();
    return true;
  }

  template <bool with_images, bool with_coords>
  static bool gradient(const float* images, const float* theta,
                       const float* grad_output, float* grad_images, float* grad_theta,
                       const Geometry& geometry, int* status) {
    if (!fast::Call::serves(geometry)) return false;
    const fast::Call call(images, theta, geometry);
    fast::Gradients<with_images, with_coords> gradients(call, grad_output, grad_images,
                                                        grad_theta);
    *status = gradients.compute();
    return true;
  }
};

template <>
struct FastPath<float, 2, false, BORDER_NEAREST, Bilinear> {
  static bool sample(const float* images, const float* points, float* output,
                     const Geometry& geometry) {
    if (!fast::Points::serves(geometry)) return false;
    fast::Points(images, points, geometry).sample(output);
    return true;
  }

  template <bool with_images, bool with_coords>
  static bool gradient(const float* images, const float* points,
                       const float* grad_output, float* grad_images, float* grad_points,
                       const Geometry& geometry, int*) {
    if (!fast::Points::serves(geometry)) return false;
    if (with_coords)
      fast::Points(images, points, geometry).gradient(grad_output, grad_points);
    if (with_images)
      image_gradient<float, 2, false, BORDER_NEAREST, Bilinear>(points, grad_output,
                                                                grad_images, geometry);
    return true;
  }
};

}  // namespace stn

#endif  // AVX-512

#endif  // STN_AVX512_PATH_H
