// Both methods on random sizes, in buffers of the exact size: for sanitizers.
#include <random>
#include <vector>

#include "few_channels.h"
#include "many_channels.h"

namespace {

std::mt19937 generator(20150605);

int any(int least, int most) {
  return std::uniform_int_distribution<int>(least, most)(generator);
}

std::vector<float> numbers(size_t count) {
  std::vector<float> made(count);
  for (float& number : made) number = any(0, 3) * .25f;
  return made;
}

stn::Axis axis(int size, int pool, bool whole) {
  stn::Axis axis;
  axis.kernel = any(1, size - pool + 1);
  axis.before = any(0, 4);
  axis.pad = axis.before + any(0, 4);
  axis.image = any(std::max(1, axis.kernel - axis.pad), axis.kernel + 40);
  axis.set_pool(pool, whole);
  return axis;
}

template <typename Method>
void check(int size, int pool, int channels) {
  stn::Problem problem = stn::Problem();
  problem.batch = any(0, 7);
  problem.channels = any(1, channels);
  problem.filters = any(1, 21);
  problem.flip = any(0, 1);
  problem.slope = .5;
  const bool whole = any(0, 1);
  problem.rows = axis(size, pool, whole);
  problem.columns = axis(size, pool, whole);
  std::vector<float> images =
      numbers(problem.batch * problem.channels * problem.pixels());
  std::vector<float> weights =
      numbers(size_t(problem.filters) * problem.channels * problem.taps());
  if (!images.empty() && any(0, 3) == 0) images[images.size() / 2] = NAN;
  const size_t outputs = problem.batch * problem.outputs();
  const std::vector<float> bias = numbers(problem.filters);
  std::vector<float> output(outputs * problem.filters);
  std::vector<uint16_t> mask(outputs * problem.mask_filters());
  Method(problem).forward(
      {images.data(), weights.data(), bias.data(), output.data(), mask.data()});
  std::vector<float> grad_images(images.size()), grad_weights(weights.size());
  std::vector<float> grad_bias(problem.filters);
  Method(problem).backward({images.data(), weights.data(), mask.data(), output.data(),
                            any(0, 1) ? grad_images.data() : NULL, grad_weights.data(),
                            grad_bias.data()});
}

}  // namespace

int main() {
  for (int round = 0; round < 40; ++round) {
    check<stn::ManyChannels<float, 6, 2, true>>(6, 2, 19);
    check<stn::FewChannels<float, 8, 3, true>>(8, 3, 2);
  }
}
