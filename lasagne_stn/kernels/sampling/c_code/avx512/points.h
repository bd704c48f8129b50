// Given source points: the forward pass, and the gradient with respect to the points.
//
// Sixteen output pixels of a scan line at a time. They may read from anywhere, so each
// reads its own neighbours, the two along x in one load (PairReader). Coordinates are
// computed in double precision, as in the portable kernel: in a wide image a float has
// too few digits for a whole pixel and its fraction.
#ifndef STN_AVX512_POINTS_H
#define STN_AVX512_POINTS_H

#include "avx512/sampling.h"

namespace stn {
namespace fast {

// From normalised coordinates along one axis to pixels.
struct PixelAxis {
  double centre, half_extent, last;

  PixelAxis(const Geometry& geometry, int axis)
      : centre(centre_of(geometry.in_size(axis))),
        half_extent(geometry.half_extent(geometry.in_size(axis))),
        last(static_cast<double>(geometry.in_size(axis) - 1)) {}
};

// The two neighbours of sixteen given coordinates along one axis.
struct GivenTaps {
  __m512i index;     // of the first neighbour
  __m512 fraction;   // weight of the second neighbour, 0 to 1
  __mmask16 inside;  // where the coordinate is not clamped: elsewhere the slope is 0

  GivenTaps(__m512 given, const PixelAxis& axis) {
    const Half low(_mm512_castps512_ps256(given), axis);
    const Half high(_mm512_extractf32x8_ps(given, 1), axis);
    index = _mm512_inserti64x4(_mm512_castsi256_si512(low.index), high.index, 1);
    fraction =
        _mm512_insertf32x8(_mm512_castps256_ps512(low.fraction), high.fraction, 1);
    inside = static_cast<__mmask16>(low.inside | high.inside << 8);
  }

 private:
  struct Half {
    __m256i index;
    __m256 fraction;
    unsigned inside;

    Half(__m256 given, const PixelAxis& axis) {
      const __m512d zero = _mm512_setzero_pd(), last = _mm512_set1_pd(axis.last);
      const __m512d coordinate =
          _mm512_fmadd_pd(_mm512_cvtps_pd(given), _mm512_set1_pd(axis.half_extent),
                          _mm512_set1_pd(axis.centre));
      // The maximum of NaN and 0 is the second, 0.
      const __m512d clamped = _mm512_min_pd(_mm512_max_pd(coordinate, zero), last);
      const __m512d whole = _mm512_min_pd(
          _mm512_roundscale_pd(clamped, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC),
          _mm512_sub_pd(last, _mm512_set1_pd(1)));
      index = _mm512_cvtpd_epi32(whole);
      fraction = _mm512_cvtpd_ps(_mm512_sub_pd(clamped, whole));
      inside = _mm512_cmp_pd_mask(coordinate, zero, _CMP_GE_OQ) &
               _mm512_cmp_pd_mask(coordinate, last, _CMP_LT_OQ);
    }
  };
};

// Sixteen given points, with everything the channels share.
struct PointGroup {
  PairReader reader;
  __m512 fraction_x, fraction_y;
  __mmask16 inside_x, inside_y;
  __mmask16 real;  // the last group of an image may have less
  int output;      // offset of the first output pixel

  void set(__m512 x, __m512 y, const PixelAxis* axes, int columns) {
    const GivenTaps taps_x(x, axes[0]), taps_y(y, axes[1]);
    _mm512_store_si512(
        reader.index,
        _mm512_add_epi32(_mm512_mullo_epi32(taps_y.index, _mm512_set1_epi32(columns)),
                         taps_x.index));
    // A point with one NaN is NaN in everything, in its other slope too.
    const __mmask16 nan = _mm512_cmp_ps_mask(x, y, _CMP_UNORD_Q);
    const __m512 both = _mm512_add_ps(x, y);
    fraction_x = _mm512_mask_mov_ps(taps_x.fraction, nan, both);
    fraction_y = _mm512_mask_mov_ps(taps_y.fraction, nan, both);
    inside_x = taps_x.inside | nan;
    inside_y = taps_y.inside | nan;
  }
};

// The coordinates of sixteen points in memory, or of their gradients.
struct PointLayout {
  bool planar;
  ptrdiff_t axis_step;

  explicit PointLayout(const Geometry& geometry)
      : planar(geometry.planar), axis_step(geometry.axis_step()) {}

  static __mmask16 real_lanes(ptrdiff_t count) {
    return static_cast<__mmask16>(count < 16 ? (1u << count) - 1 : 0xffff);
  }

  void load(const float* points, ptrdiff_t pixel, ptrdiff_t count, __m512* x,
            __m512* y) const {
    if (planar) {
      *x = _mm512_maskz_loadu_ps(real_lanes(count), points + pixel);
      *y = _mm512_maskz_loadu_ps(real_lanes(count), points + axis_step + pixel);
      return;
    }
    const float* from = points + 2 * pixel;
    const __m512 first = _mm512_maskz_loadu_ps(real_lanes(2 * count), from);
    const __m512 second = _mm512_maskz_loadu_ps(
        real_lanes(std::max<ptrdiff_t>(0, 2 * count - 16)), from + 16);
    *x = _mm512_permutex2var_ps(first, even_lanes(), second);
    *y = _mm512_permutex2var_ps(
        first, _mm512_add_epi32(even_lanes(), _mm512_set1_epi32(1)), second);
  }

  void store(float* points, ptrdiff_t pixel, ptrdiff_t count, __m512 x,
             __m512 y) const {
    if (planar) {
      _mm512_mask_storeu_ps(points + pixel, real_lanes(count), x);
      _mm512_mask_storeu_ps(points + axis_step + pixel, real_lanes(count), y);
      return;
    }
    float* to = points + 2 * pixel;
    const __m512i beside =
        _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    _mm512_mask_storeu_ps(to, real_lanes(2 * count),
                          _mm512_permutex2var_ps(x, beside, y));
    _mm512_mask_storeu_ps(
        to + 16, real_lanes(std::max<ptrdiff_t>(0, 2 * count - 16)),
        _mm512_permutex2var_ps(x, _mm512_add_epi32(beside, _mm512_set1_epi32(8)), y));
  }
};

// One call.
class Points {
 public:
  Points(const float* images, const float* points, const Geometry& geometry)
      : geometry_(geometry),
        images_(images),
        points_(points),
        in_(geometry.in),
        out_(geometry.out),
        layout_(geometry) {}

  static bool serves(const Geometry& geometry) {
    return geometry.in[0] >= PairReader::SIZE && geometry.in[1] >= PairReader::SIZE &&
           geometry.out[0] > 0 && geometry.out[1] > 0 && geometry.channels > 0;
  }

  void sample(float* output) const { for_each_list(Forward(*this, output)); }

  void gradient(const float* grad_output, float* grad_points) const {
    for_each_list(Backward(*this, grad_output, grad_points));
  }

 private:
  static const int LIST = 32;  // groups whose coordinates are kept for all channels

  struct List {
    PointGroup group[LIST];
    int count;
  };

  template <typename Work>
  void for_each_list(const Work& work) const {
    const ptrdiff_t pixels = 16 * LIST;
    const ptrdiff_t lists = (out_.pixels() + pixels - 1) / pixels;
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic, 4) num_threads(thread_count(geometry_))
#endif
    for (ptrdiff_t task = 0; task < geometry_.batch * lists; ++task) {
      List list;
      fill(&list, task / lists, task % lists * pixels);
      work.run(list, task / lists);
    }
  }

  void fill(List* list, ptrdiff_t number, ptrdiff_t first) const {
    const PixelAxis axes[2] = {PixelAxis(geometry_, 0), PixelAxis(geometry_, 1)};
    const float* points = points_of(points_, number);
    list->count = 0;
    for (ptrdiff_t pixel = first; pixel < out_.pixels() && list->count < LIST;
         pixel += 16) {
      PointGroup& group = list->group[list->count++];
      __m512 x, y;
      layout_.load(points, pixel, out_.pixels() - pixel, &x, &y);
      group.real = PointLayout::real_lanes(out_.pixels() - pixel);
      group.output = static_cast<int>(pixel);
      group.set(x, y, axes, in_.columns);
    }
  }

  template <typename T>
  T* points_of(T* points, ptrdiff_t number) const {
    return points + number * 2 * out_.pixels();
  }

  struct Forward {
    const Points& call;
    float* output;
    Forward(const Points& call_, float* output_) : call(call_), output(output_) {}

    void run(const List& list, ptrdiff_t number) const {
      for (ptrdiff_t channel = 0; channel < call.geometry_.channels; ++channel) {
        const ptrdiff_t plane = number * call.geometry_.channels + channel;
        const float* image = call.images_ + plane * call.in_.pixels();
        float* target = output + plane * call.out_.pixels();
        for (int g = 0; g < list.count; ++g) {
          const PointGroup& group = list.group[g];
          const Neighbours near = group.reader.read(image, call.in_.columns);
          _mm512_mask_storeu_ps(
              target + group.output, group.real,
              lerp(group.fraction_y,
                   lerp(group.fraction_x, near.value[0], near.value[1]),
                   lerp(group.fraction_x, near.value[2], near.value[3])));
        }
      }
    }
  };

  struct Backward {
    const Points& call;
    const float* grad_output;
    float* grad_points;
    Backward(const Points& call_, const float* grad_output_, float* grad_points_)
        : call(call_), grad_output(grad_output_), grad_points(grad_points_) {}

    void run(const List& list, ptrdiff_t number) const {
      __m512 slope_x[LIST], slope_y[LIST];
      for (int g = 0; g < list.count; ++g)
        slope_x[g] = slope_y[g] = _mm512_setzero_ps();
      for (ptrdiff_t channel = 0; channel < call.geometry_.channels; ++channel) {
        const ptrdiff_t plane = number * call.geometry_.channels + channel;
        const float* image = call.images_ + plane * call.in_.pixels();
        const float* gradients = grad_output + plane * call.out_.pixels();
        for (int g = 0; g < list.count; ++g) {
          const PointGroup& group = list.group[g];
          const __m512 gradient =
              _mm512_maskz_loadu_ps(group.real, gradients + group.output);
          add_slopes(group.reader.read(image, call.in_.columns), gradient,
                     group.fraction_x, group.fraction_y, &slope_x[g], &slope_y[g]);
        }
      }
      float* target = call.points_of(grad_points, number);
      const __m512 half_extent_x = half_extent(0), half_extent_y = half_extent(1);
      for (int g = 0; g < list.count; ++g) {
        const PointGroup& group = list.group[g];
        call.layout_.store(
            target, group.output, call.out_.pixels() - group.output,
            _mm512_maskz_mul_ps(group.inside_x, slope_x[g], half_extent_x),
            _mm512_maskz_mul_ps(group.inside_y, slope_y[g], half_extent_y));
      }
    }

    __m512 half_extent(int axis) const {
      return _mm512_set1_ps(
          static_cast<float>(call.geometry_.half_extent(call.geometry_.in_size(axis))));
    }
  };

  const Geometry& geometry_;
  const float *images_, *points_;
  const Plane in_, out_;
  const PointLayout layout_;
};

}  // namespace fast
}  // namespace stn

#endif  // STN_AVX512_POINTS_H
