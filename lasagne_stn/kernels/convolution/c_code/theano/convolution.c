#section support_code

#include "theano/arrays.h"

#section support_code_apply

// Inputs: images, weights, bias. Outputs: the pooled output and, if there is pooling or
// relu, the mask.
int APPLY_SPECIFIC(convolution)(PyArrayObject* images, PyArrayObject* weights,
                                PyArrayObject* bias, PyArrayObject** output,
#if STN_MASKED
                                PyArrayObject** mask,
#endif
                                PARAMS_TYPE* params) {
  const char* name = "Convolution";
  stn::Problem problem = stn::read_settings(params);
  if (!stn::read_sizes(name, images, weights, STN_LARGEST_KERNEL, STN_POOL,
                       params->whole_windows_only, &problem))
    return 1;
  if (PyArray_DIM(bias, 0) != problem.filters) {
    PyErr_Format(PyExc_ValueError, "%s: bias must have %d numbers; got %zd", name,
                 problem.filters, (Py_ssize_t)PyArray_DIM(bias, 0));
    return 1;
  }
  stn::Contiguous images_in(images), weights_in(weights), bias_in(bias);
  if (!images_in || !weights_in || !bias_in) return 1;
  npy_intp shape[4];
  stn::output_shape(problem, shape);
  if (!stn::prepare_output(output, 4, shape, TYPENUM_INPUT_0)) return 1;
  uint16_t* to_mask = NULL;
#if STN_MASKED
  stn::mask_shape(problem, shape);
  if (!stn::prepare_output(mask, 4, shape, NPY_UINT16)) return 1;
  to_mask = (uint16_t*)PyArray_DATA(*mask);
#endif
  return stn::run([&] {
    STN_METHOD(problem).forward({images_in.data<DTYPE_INPUT_0>(),
                                 weights_in.data<DTYPE_INPUT_0>(),
                                 bias_in.data<DTYPE_INPUT_0>(),
                                 (DTYPE_INPUT_0*)PyArray_DATA(*output), to_mask});
  });
}
