// Runs the sampler on nasty cases in buffers of exactly the right size, for the address
// and undefined-behaviour sanitizers or valgrind to watch:
//
//   g++ -std=c++11 -g -O1 -march=native -fopenmp -fsanitize=address,undefined
//       memory_check.cpp && ./a.out
//   g++ -std=c++11 -g -O1 memory_check.cpp && valgrind --error-exitcode=1 ./a.out short
//
// (valgrind knows no AVX-512: it needs a build without.) Checks what must hold for any
// input: outputs within the range of the image, NaN where theta is NaN and only there,
// and an image gradient whose sum is that of the output's gradient. Exits with 1 on
// failure. With an argument, fewer cases.
#include <cstdio>
#include <cstdint>
#include <limits>

#define STN_SMALL 0  // small cases are shared among the threads too
#include "sampler.h"

namespace {

int failures = 0;

// Repeatable numbers in [-1, 1).
class Random {
 public:
  explicit Random(uint32_t seed) : state_(seed * 2654435761u + 12345u) {}
  double next() {
    state_ = state_ * 1664525u + 1013904223u;
    return (state_ >> 8) / 8388608.0 - 1;
  }

 private:
  uint32_t state_;
};

// Of exactly `size` elements: malloc, because a vector may hold more.
template <typename T>
class Buffer {
 public:
  Buffer(ptrdiff_t size, T value)
      : size_(size),
        data_(static_cast<T*>(std::malloc(static_cast<size_t>(size) * sizeof(T)))) {
    for (ptrdiff_t k = 0; k < size; ++k) data_[k] = value;
  }
  ~Buffer() { std::free(data_); }

  void randomise(Random& random) {
    for (ptrdiff_t k = 0; k < size_; ++k) data_[k] = static_cast<T>(random.next());
  }
  T* data() { return data_; }
  T& operator[](ptrdiff_t k) { return data_[k]; }
  ptrdiff_t size() const { return size_; }

 private:
  Buffer(const Buffer&);
  void operator=(const Buffer&);
  const ptrdiff_t size_;
  T* const data_;
};

enum Kind {
  IDENTITY,
  NEAR_IDENTITY,
  WILD,
  ZOOM_IN,
  ZOOM_OUT,
  FAR_AWAY,
  HUGE_VALUE,
  INFINITE,
  NOT_A_NUMBER,
  KINDS
};

template <typename T>
void fill_coords(Kind kind, const stn::Geometry& geometry, Random& random,
                 Buffer<T>& coords) {
  const double noise = kind == IDENTITY ? 0 : kind == WILD ? 2 : 0.2;
  const double zoom = kind == ZOOM_IN ? 0.05 : kind == ZOOM_OUT ? 5 : 1;
  for (ptrdiff_t k = 0; k < coords.size(); ++k) {
    const ptrdiff_t column = k % (geometry.dims + 1);
    const ptrdiff_t row = k / (geometry.dims + 1) % geometry.dims;
    const bool diagonal = geometry.affine && row == column;
    coords[k] = static_cast<T>((diagonal ? zoom : 0) +
                               (geometry.affine ? noise : 1.5) * random.next());
  }
  if (coords.size() == 0) return;
  T& last = coords[coords.size() - 1];
  if (kind == FAR_AWAY) last = static_cast<T>(-12345.6);
  if (kind == HUGE_VALUE) last = static_cast<T>(1e30);
  if (kind == INFINITE) coords[coords.size() / 2] = std::numeric_limits<T>::infinity();
  if (kind == NOT_A_NUMBER) last = std::numeric_limits<T>::quiet_NaN();
}

void expect(bool holds, const char* what, const stn::Geometry& geometry, int kind,
            const char* type) {
  if (holds) return;
  ++failures;
  std::printf(
      "FAILED: %s (%s, %d dimensions, border %d, affine %d, align %d, kind %d, "
      "in %td %td, out %td %td)\n",
      what, type, geometry.dims, geometry.border, geometry.affine,
      geometry.align_corners, kind, geometry.in[0], geometry.in[1], geometry.out[0],
      geometry.out[1]);
}

template <typename T>
void check(const stn::Geometry& geometry, Kind kind, uint32_t seed) {
  const char* type = sizeof(T) == 4 ? "float" : "double";
  Random random(seed);
  const ptrdiff_t planes = geometry.batch * geometry.channels;
  const ptrdiff_t in_pixels = geometry.in_pixels(), out_pixels = geometry.out_pixels();
  const ptrdiff_t coords_size = geometry.affine ? geometry.dims * (geometry.dims + 1)
                                                : geometry.dims * out_pixels;
  const T unset = static_cast<T>(777);
  Buffer<T> images(planes * in_pixels, 0), coords(geometry.batch * coords_size, 0);
  Buffer<T> output(planes * out_pixels, unset), grad_output(planes * out_pixels, 0);
  Buffer<T> grad_images(images.size(), unset), grad_coords(coords.size(), unset);
  images.randomise(random);
  grad_output.randomise(random);
  fill_coords(kind, geometry, random, coords);

  int status = stn::sample(images.data(), coords.data(), output.data(), geometry);
  status |= stn::sample_gradient(images.data(), coords.data(), grad_output.data(),
                                 grad_images.data(), grad_coords.data(), geometry);
  status |= stn::sample_gradient(images.data(), coords.data(), grad_output.data(),
                                 grad_images.data(), static_cast<T*>(NULL), geometry);
  status |= stn::sample_gradient(images.data(), coords.data(), grad_output.data(),
                                 static_cast<T*>(NULL), grad_coords.data(), geometry);
  expect(status == stn::STATUS_FINE, "status", geometry, kind, type);

  // Only the last image has the strange value.
  const ptrdiff_t clean = kind == NOT_A_NUMBER ? geometry.batch - 1 : geometry.batch;
  const ptrdiff_t clean_planes = std::max<ptrdiff_t>(0, clean) * geometry.channels;
  bool within = true, nan = true, images_set = true, coords_finite = true;
  for (ptrdiff_t k = 0; k < output.size(); ++k) {
    if (k < clean_planes * out_pixels)
      within &= std::fabs(output[k]) <= static_cast<T>(1.00001);
    else if (geometry.affine)
      nan &= output[k] != output[k];
  }
  for (ptrdiff_t k = 0; k < grad_images.size(); ++k)
    images_set &= grad_images[k] != unset;
  for (ptrdiff_t k = 0; k < clean * coords_size; ++k)
    coords_finite &= std::fabs(grad_coords[k]) < static_cast<T>(1e30);
  expect(within, "output within the image's range", geometry, kind, type);
  expect(nan, "output is NaN where theta is", geometry, kind, type);
  expect(images_set, "image gradient is written", geometry, kind, type);
  expect(coords_finite, "gradient of theta or points is finite", geometry, kind, type);

  for (ptrdiff_t plane = 0; plane < clean_planes; ++plane) {
    double given = 0, found = 0;
    for (ptrdiff_t k = 0; k < out_pixels; ++k)
      given += grad_output[plane * out_pixels + k];
    for (ptrdiff_t k = 0; k < in_pixels; ++k)
      found += grad_images[plane * in_pixels + k];
    const double slack = (sizeof(T) == 4 ? 1e-5 : 1e-10) * (1.0 + out_pixels);
    expect(geometry.border == stn::BORDER_CONSTANT || std::fabs(given - found) < slack,
           "image gradient sums to the output's", geometry, kind, type);
  }
}

void check_all(stn::Geometry geometry, bool brief, uint32_t seed) {
  for (geometry.border = 0; geometry.border < 5; ++geometry.border)
    for (int kind = 0; kind < KINDS; ++kind)
      for (int variant = 0; variant < 4; ++variant) {
        if (brief && (variant + kind + geometry.border) % 4) continue;
        geometry.border_value = 0.5;
        geometry.affine = variant & 1;
        geometry.align_corners = variant & 2;
        check<float>(geometry, static_cast<Kind>(kind), seed);
        check<double>(geometry, static_cast<Kind>(kind), seed);
      }
}

stn::Geometry flat(ptrdiff_t batch, ptrdiff_t channels, ptrdiff_t rows,
                   ptrdiff_t columns, ptrdiff_t out_rows, ptrdiff_t out_columns) {
  stn::Geometry geometry = stn::Geometry();
  geometry.dims = 2;
  geometry.batch = batch;
  geometry.channels = channels;
  geometry.in[0] = rows;
  geometry.in[1] = columns;
  geometry.out[0] = out_rows;
  geometry.out[1] = out_columns;
  return geometry;
}

stn::Geometry deep(ptrdiff_t batch, ptrdiff_t channels, ptrdiff_t depth, ptrdiff_t rows,
                   ptrdiff_t columns, ptrdiff_t out_depth, ptrdiff_t out_rows,
                   ptrdiff_t out_columns) {
  stn::Geometry geometry = flat(batch, channels, depth, rows, out_depth, out_rows);
  geometry.dims = 3;
  geometry.in[2] = columns;
  geometry.out[2] = out_columns;
  return geometry;
}

}  // namespace

int main(int count, char**) {
  const bool brief = count > 1;
  const stn::Geometry cases[] = {
      flat(2, 2, 1, 1, 1, 1),       flat(2, 1, 1, 1, 9, 10),
      flat(2, 3, 1, 9, 5, 4),       flat(2, 3, 9, 1, 4, 5),
      flat(2, 1, 2, 2, 20, 21),     flat(2, 2, 8, 8, 8, 8),
      flat(2, 2, 7, 9, 4, 4),       flat(2, 5, 11, 13, 9, 8),
      flat(3, 9, 28, 28, 28, 28),   flat(9, 1, 17, 19, 21, 18),
      flat(2, 2, 20, 22, 1, 30),    flat(2, 2, 20, 22, 30, 1),
      flat(2, 1, 3, 4500, 5, 4200), flat(2, 1, 4500, 9, 4200, 6),
      flat(1, 3, 70, 90, 71, 93),   flat(1, 2, 60, 60, 20, 20),
      flat(1, 9, 50, 51, 49, 50),   flat(0, 2, 5, 6, 7, 8),
      flat(2, 0, 5, 6, 7, 8),       flat(2, 2, 5, 6, 0, 8),
      flat(2, 2, 5, 6, 7, 0),       deep(2, 2, 1, 1, 1, 2, 3, 4),
      deep(2, 2, 5, 6, 7, 4, 5, 6), deep(1, 1, 1, 8, 9, 8, 9, 1),
      deep(0, 1, 2, 2, 2, 2, 2, 2), deep(2, 1, 4, 1, 20, 3, 17, 19)};
  uint32_t seed = 0;
  for (const stn::Geometry& geometry : cases) check_all(geometry, brief, ++seed);
  std::printf(failures ? "%d failures\n" : "all fine\n", failures);
  return failures != 0;
}
