#section support_code

#include "gpu/arrays.h"

#section support_code_struct

// Inputs: images, coords, size (int64 vector, on the host). Output: the sampled images.
int APPLY_SPECIFIC(sample)(PyGpuArrayObject* images, PyGpuArrayObject* coords,
                           PyArrayObject* size, PyGpuArrayObject** output,
                           PARAMS_TYPE* params) {
  const char* name = "GpuFusedSample";
  stn::Geometry geometry;
  if (!stn::read_geometry(&geometry, name, images, coords, size, STN_AFFINE,
                          params->border_value, params->align_corners))
    return 1;
  const size_t shape[] = {size_t(geometry.batch), size_t(geometry.channels),
                          size_t(geometry.out[0]), size_t(geometry.out[1])};
  if (!stn::prepare_output(output, 4, shape, images->ga.typecode, params->context))
    return 1;
  if (shape[0] * shape[1] * shape[2] * shape[3] == 0) return 0;
  const stn::GpuAxis<DTYPE_INPUT_0> x(geometry, 0), y(geometry, 1);
  stn::Launch launch(&k_stn_sample, geometry, geometry.out_pixels(), geometry.channels);
  return stn::report(
      name,
      stn_sample_call(3, launch.groups, launch.items, 0,
                      STN_GPU_GEOMETRY(geometry, x, y), STN_GPU_ARRAY(images->ga),
                      STN_GPU_ARRAY(coords->ga), STN_GPU_ARRAY((*output)->ga)),
      params->context);
}
