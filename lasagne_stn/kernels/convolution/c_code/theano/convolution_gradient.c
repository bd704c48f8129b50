#section support_code

#include "theano/arrays.h"

#section support_code_apply

// Inputs: images, weights, the mask if there is one, gradient to the output. Outputs:
// the gradients that are asked for, of images, weights and bias in this order.
int APPLY_SPECIFIC(convolution_gradient)(PyArrayObject* images, PyArrayObject* weights,
#if STN_MASKED
                                         PyArrayObject* mask,
#endif
                                         PyArrayObject* grad_output,
#if STN_GRAD_IMAGES
                                         PyArrayObject** grad_images,
#endif
#if STN_GRAD_WEIGHTS
                                         PyArrayObject** grad_weights,
#endif
#if STN_GRAD_BIAS
                                         PyArrayObject** grad_bias,
#endif
                                         PARAMS_TYPE* params) {
  const char* name = "ConvolutionGradient";
  stn::Problem problem = stn::read_settings(params);
  if (!stn::read_sizes(name, images, weights, STN_LARGEST_KERNEL, STN_POOL,
                       params->whole_windows_only, &problem))
    return 1;
  npy_intp shape[4];
  stn::output_shape(problem, shape);
  if (!stn::has_shape(name, "the gradient", grad_output, shape)) return 1;
  stn::Contiguous images_in(images), weights_in(weights), grad_in(grad_output);
  if (!images_in || !weights_in || !grad_in) return 1;
  stn::BackwardArrays<DTYPE_INPUT_0> arrays = {images_in.data<DTYPE_INPUT_0>(),
                                               weights_in.data<DTYPE_INPUT_0>(),
                                               NULL,
                                               grad_in.data<DTYPE_INPUT_0>(),
                                               NULL,
                                               NULL,
                                               NULL};
#if STN_MASKED
  stn::mask_shape(problem, shape);
  if (!stn::has_shape(name, "the mask", mask, shape)) return 1;
  stn::Contiguous mask_in(mask);
  if (!mask_in) return 1;
  arrays.mask = mask_in.data<uint16_t>();
#endif
#if STN_GRAD_IMAGES
  if (!stn::prepare_output(grad_images, 4, PyArray_DIMS(images), TYPENUM_INPUT_0))
    return 1;
  arrays.grad_images = (DTYPE_INPUT_0*)PyArray_DATA(*grad_images);
#endif
#if STN_GRAD_WEIGHTS
  if (!stn::prepare_output(grad_weights, 4, PyArray_DIMS(weights), TYPENUM_INPUT_0))
    return 1;
  arrays.grad_weights = (DTYPE_INPUT_0*)PyArray_DATA(*grad_weights);
#endif
#if STN_GRAD_BIAS
  if (!stn::prepare_output(grad_bias, 1, PyArray_DIMS(weights), TYPENUM_INPUT_0))
    return 1;
  arrays.grad_bias = (DTYPE_INPUT_0*)PyArray_DATA(*grad_bias);
#endif
  return stn::run([&] { STN_METHOD(problem).backward(arrays); });
}
