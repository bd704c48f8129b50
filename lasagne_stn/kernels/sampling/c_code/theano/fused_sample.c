#section support_code

#include "theano/arrays.h"

#section support_code_apply

// Inputs: images, coords, size (int64 vector). Output: the sampled images.
int APPLY_SPECIFIC(sample)(PyArrayObject* images, PyArrayObject* coords,
                           PyArrayObject* size, PyArrayObject** output,
                           PARAMS_TYPE* params) {
  stn::Geometry geometry;
  if (!stn::read_geometry<STN_DIMS>(&geometry, "FusedSample", images, coords, size,
                                    STN_AFFINE, STN_BORDER, params->border_value,
                                    params->align_corners))
    return 1;
  npy_intp shape[STN_DIMS + 2] = {geometry.batch, geometry.channels};
  for (int axis = 0; axis < STN_DIMS; ++axis) shape[2 + axis] = geometry.out[axis];
  stn::Contiguous images_in(images), coords_in(coords, geometry.planar);
  if (!images_in || !coords_in) return 1;
  if (!stn::prepare_output(output, STN_DIMS + 2, shape, TYPENUM_OUTPUT_0)) return 1;
  int status;
  Py_BEGIN_ALLOW_THREADS
  status =
      stn::Sampler<DTYPE_INPUT_0, STN_DIMS, STN_AFFINE, STN_BORDER,
                   STN_INTERPOLATION>::sample(images_in.data<DTYPE_INPUT_0>(),
                                              coords_in.data<DTYPE_INPUT_0>(),
                                              (DTYPE_INPUT_0*)PyArray_DATA(*output),
                                              geometry);
  Py_END_ALLOW_THREADS
  return stn::report("FusedSample", status);
}
