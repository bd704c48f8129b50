// One convolution as functions that tests call: see tests/helpers/c_convolution.py.
#include <new>

#include "few_channels.h"
#include "many_channels.h"

namespace {

typedef stn::STN_METHOD Method;
typedef STN_TYPE Type;

stn::Axis axis(const long* sizes) {
  stn::Axis axis;
  axis.image = sizes[0];
  axis.kernel = static_cast<int>(sizes[1]);
  axis.before = static_cast<int>(sizes[2]);
  axis.pad = static_cast<int>(sizes[3]);
  axis.set_pool(STN_POOL, sizes[4]);
  return axis;
}

// Sizes: batch, channels, filters, flip; and for each axis pixels, kernel, zeros before
// and in all, and whether pooling drops what is left.
stn::Problem problem(const long* sizes, double slope) {
  stn::Problem problem;
  problem.batch = sizes[0];
  problem.channels = static_cast<int>(sizes[1]);
  problem.filters = static_cast<int>(sizes[2]);
  problem.flip = sizes[3];
  problem.rows = axis(sizes + 4);
  problem.columns = axis(sizes + 9);
  problem.slope = slope;
  return problem;
}

}  // namespace

extern "C" {

void forward(const long* sizes, double slope, const Type* images, const Type* weights,
             const Type* bias, Type* output, uint16_t* mask) {
  Method(problem(sizes, slope)).forward({images, weights, bias, output, mask});
}

void backward(const long* sizes, double slope, const Type* images, const Type* weights,
              const uint16_t* mask, const Type* grad_output, Type* grad_images,
              Type* grad_weights, Type* grad_bias) {
  Method(problem(sizes, slope))
      .backward(
          {images, weights, mask, grad_output, grad_images, grad_weights, grad_bias});
}
}
