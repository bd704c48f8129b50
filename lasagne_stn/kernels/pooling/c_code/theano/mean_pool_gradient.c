#section support_code

#include "theano/arrays.h"

#section support_code_apply

// Inputs: images, of which only the shape is used, and the gradient to the output.
// Output: the gradient of the images.
int APPLY_SPECIFIC(mean_pool_gradient)(PyArrayObject* images,
                                       PyArrayObject* grad_output,
                                       PyArrayObject** grad_images,
                                       PARAMS_TYPE* params) {
  const stn::Pooling pooling(images, params);
  if (!stn::has_shape("MeanPoolGradient", "the gradient", grad_output, pooling.shape))
    return 1;
  stn::Contiguous grad_in(grad_output);
  if (!grad_in) return 1;
  if (!stn::prepare_output(grad_images, 4, PyArray_DIMS(images), TYPENUM_INPUT_0))
    return 1;
  return stn::run([&] {
    stn::MeanPool<DTYPE_INPUT_0>(pooling.planes, pooling.rows, pooling.columns)
        .backward(grad_in.data<DTYPE_INPUT_0>(),
                  (DTYPE_INPUT_0*)PyArray_DATA(*grad_images));
  });
}
