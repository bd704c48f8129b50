// Calls the sampler's C interface for another process, so that an emulator can run it.
//
// A request on standard input: the function's name (32 bytes), six ints (dims, affine,
// border, align_corners, number of inputs, of outputs), border_value, eight sizes, the
// bytes of each array or -1 for NULL, and the arrays. The answer on standard output:
// the status, and the outputs that are not NULL. Ends with its input.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "sample_driver.cpp"

namespace {

struct Request {
  char name[32];
  int32_t dims, affine, border, align_corners, inputs, outputs;
  double border_value;
  int64_t sizes[8];
};

void read_all(void* target, size_t bytes) {
  if (bytes > 0 && std::fread(target, bytes, 1, stdin) != 1) std::exit(2);
}

void write_all(const void* source, size_t bytes) {
  if (bytes > 0 && std::fwrite(source, bytes, 1, stdout) != 1) std::exit(3);
}

#define CALL(NAME, T)                                                                 \
  if (std::strcmp(request.name, "sample_" #NAME) == 0)                                \
    return sample_##NAME((T*)arrays[0], (T*)arrays[1], (T*)arrays[2], request.dims,   \
                         sizes, request.affine, request.border, request.border_value, \
                         request.align_corners);                                      \
  if (std::strcmp(request.name, "sample_gradient_" #NAME) == 0)                       \
    return sample_gradient_##NAME((T*)arrays[0], (T*)arrays[1], (T*)arrays[2],        \
                                  (T*)arrays[3], (T*)arrays[4], request.dims, sizes,  \
                                  request.affine, request.border,                     \
                                  request.border_value, request.align_corners);

int call(const Request& request, char* const* arrays) {
  long sizes[8];
  for (int k = 0; k < 8; ++k) sizes[k] = static_cast<long>(request.sizes[k]);
  CALL(float, float)
  CALL(double, double)
  CALL(double_nearest, double)
  std::exit(4);
}

}  // namespace

int main() {
  Request request;
  while (std::fread(&request, sizeof request, 1, stdin) == 1) {
    const int count = request.inputs + request.outputs;
    int64_t bytes[8];
    read_all(bytes, count * sizeof bytes[0]);
    std::vector<std::vector<char>> data(count);
    char* arrays[8] = {NULL};
    for (int k = 0; k < count; ++k) {
      if (bytes[k] < 0) continue;
      data[k].resize(bytes[k] + 1);  // never NULL
      read_all(data[k].data(), bytes[k]);
      arrays[k] = data[k].data();
    }
    const int32_t status = call(request, arrays);
    write_all(&status, sizeof status);
    for (int k = request.inputs; k < count; ++k)
      if (bytes[k] >= 0) write_all(arrays[k], bytes[k]);
    std::fflush(stdout);
  }
}
