#section support_code

#include "theano/arrays.h"

#section support_code_apply

// Input: images. Output: the mean of each window.
int APPLY_SPECIFIC(mean_pool)(PyArrayObject* images, PyArrayObject** output,
                              PARAMS_TYPE* params) {
  const stn::Pooling pooling(images, params);
  stn::Contiguous images_in(images);
  if (!images_in) return 1;
  if (!stn::prepare_output(output, 4, pooling.shape, TYPENUM_INPUT_0)) return 1;
  return stn::run([&] {
    stn::MeanPool<DTYPE_INPUT_0>(pooling.planes, pooling.rows, pooling.columns)
        .forward(images_in.data<DTYPE_INPUT_0>(),
                 (DTYPE_INPUT_0*)PyArray_DATA(*output));
  });
}
