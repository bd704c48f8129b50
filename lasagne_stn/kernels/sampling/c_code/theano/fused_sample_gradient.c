#section support_code

#include "theano/arrays.h"

#section support_code_apply

// Inputs: images, coords, size (int64 vector), gradient of the output. Outputs: the
// gradients that are asked for, images before coords.
int APPLY_SPECIFIC(sample_gradient)(PyArrayObject* images, PyArrayObject* coords,
                                    PyArrayObject* size, PyArrayObject* grad_output,
#if STN_GRAD_IMAGES
                                    PyArrayObject** grad_images,
#endif
#if STN_GRAD_COORDS
                                    PyArrayObject** grad_coords,
#endif
                                    PARAMS_TYPE* params) {
  const char* name = "FusedSampleGradient";
  stn::Geometry geometry;
  if (!stn::read_geometry<STN_DIMS>(&geometry, name, images, coords, size, STN_AFFINE,
                                    STN_BORDER, params->border_value,
                                    params->align_corners) ||
      !stn::fits_output<STN_DIMS>(geometry, name, PyArray_DIMS(grad_output)))
    return 1;
  stn::Contiguous images_in(images), coords_in(coords, geometry.planar),
      grad_in(grad_output);
  if (!images_in || !coords_in || !grad_in) return 1;
  DTYPE_INPUT_0 *to_images = NULL, *to_coords = NULL;
#if STN_GRAD_IMAGES
  if (!stn::prepare_output(grad_images, PyArray_NDIM(images), PyArray_DIMS(images),
                           TYPENUM_INPUT_0))
    return 1;
  to_images = (DTYPE_INPUT_0*)PyArray_DATA(*grad_images);
#endif
#if STN_GRAD_COORDS
  if (!(geometry.planar ? stn::prepare_planar : stn::prepare_output)(
          grad_coords, PyArray_NDIM(coords), PyArray_DIMS(coords), TYPENUM_INPUT_0))
    return 1;
  to_coords = (DTYPE_INPUT_0*)PyArray_DATA(*grad_coords);
#endif
  int status;
  Py_BEGIN_ALLOW_THREADS
  typedef stn::Sampler<DTYPE_INPUT_0, STN_DIMS, STN_AFFINE, STN_BORDER,
                       STN_INTERPOLATION>
      Sampler;
  status = Sampler::gradient<STN_GRAD_IMAGES, STN_GRAD_COORDS>(
      images_in.data<DTYPE_INPUT_0>(), coords_in.data<DTYPE_INPUT_0>(),
      grad_in.data<DTYPE_INPUT_0>(), to_images, to_coords, geometry);
  Py_END_ALLOW_THREADS
  return stn::report(name, status);
}
