#section support_code

#include "gpu/arrays.h"

#section support_code_struct

// Each of these launches kernels for one of the two gradients, and gives
// libgpuarray's status.
#if STN_GRAD_IMAGES
int APPLY_SPECIFIC(to_images)(const stn::Geometry& geometry, PyGpuArrayObject* coords,
                              PyGpuArrayObject* grad_output,
                              PyGpuArrayObject* grad_images,
                              PyGpuContextObject* context) {
  if (PyGpuArray_SIZE(grad_images) == 0) return GA_NO_ERROR;
  const stn::GpuAxis<DTYPE_INPUT_0> x(geometry, 0), y(geometry, 1);
#if STN_GATHERS
  const size_t together = 4;  // as in gpu/gather.cluda
  const size_t blocks = (geometry.channels + together - 1) / together;
  stn::Launch launch(&k_stn_gather_pixels, geometry, geometry.in_pixels(), blocks);
  int status = stn_gather_pixels_call(
      3, launch.groups, launch.items, 0, STN_GPU_GEOMETRY(geometry, x, y),
      STN_GPU_ARRAY(coords->ga), STN_GPU_ARRAY(grad_output->ga),
      STN_GPU_ARRAY(grad_images->ga));
#if STN_HAS_CORNERS
  if (status != GA_NO_ERROR) return status;
  stn::Launch corners(&k_stn_gather_corners, geometry, 1, blocks, 64);
  // A single row or column has two corners twice: both groups write the same.
  corners.groups[0] = 4;
  status = stn_gather_corners_call(
      3, corners.groups, corners.items,
      corners.items[0] * together * sizeof(DTYPE_INPUT_0),
      STN_GPU_GEOMETRY(geometry, x, y), STN_GPU_ARRAY(coords->ga),
      STN_GPU_ARRAY(grad_output->ga), STN_GPU_ARRAY(grad_images->ga));
#endif
  return status;
#else
  const size_t chunk = 16;  // as in gpu/own_rows.cluda
  const size_t chunks = (geometry.out_pixels() + chunk - 1) / chunk;
  stn::Scratch found;
  int status = found.make(context, GA_INT, 2 * geometry.batch * chunks);
  if (status != GA_NO_ERROR) return status;
  if (chunks > 0) {
    stn::Launch launch(&k_stn_find_rows, geometry, chunks, 1);
    status = stn_find_rows_call(3, launch.groups, launch.items, 0,
                                STN_GPU_GEOMETRY(geometry, x, y),
                                STN_GPU_ARRAY(coords->ga), STN_GPU_ARRAY(found.array));
    if (status != GA_NO_ERROR) return status;
  }
  stn::Launch launch(&k_stn_own_rows, geometry, geometry.in[0], geometry.channels, 32);
  return stn_own_rows_call(3, launch.groups, launch.items, 0,
                           STN_GPU_GEOMETRY(geometry, x, y), STN_GPU_ARRAY(coords->ga),
                           STN_GPU_ARRAY(grad_output->ga), STN_GPU_ARRAY(found.array),
                           STN_GPU_ARRAY(grad_images->ga));
#endif
}
#endif

#if STN_GRAD_COORDS
int APPLY_SPECIFIC(to_coords)(const stn::Geometry& geometry, PyGpuArrayObject* images,
                              PyGpuArrayObject* coords, PyGpuArrayObject* grad_output,
                              PyGpuArrayObject* grad_coords,
                              PyGpuContextObject* context) {
  if (PyGpuArray_SIZE(grad_coords) == 0) return GA_NO_ERROR;
  const stn::GpuAxis<DTYPE_INPUT_0> x(geometry, 0), y(geometry, 1);
#if STN_AFFINE
  const size_t items = stn::Launch::group_size(&k_stn_theta_sums, 128);
  const size_t batch = geometry.batch, pixels = geometry.out_pixels();
  const size_t pixel_shares =
      stn::Launch::shares(&k_stn_theta_sums, batch * items, pixels / (4 * items));
  const size_t channel_shares = stn::Launch::shares(
      &k_stn_theta_sums, batch * pixel_shares * items, geometry.channels);
  const size_t shares = pixel_shares * channel_shares;
  stn::Scratch sums;
  int status = sums.make(context, images->ga.typecode, 6 * batch * shares);
  if (status != GA_NO_ERROR) return status;
  size_t groups = batch * shares, group_items = items;
  status = stn_theta_sums_call(
      1, &groups, &group_items, 6 * items * sizeof(DTYPE_INPUT_0),
      STN_GPU_GEOMETRY(geometry, x, y), STN_GPU_ARRAY(images->ga),
      STN_GPU_ARRAY(coords->ga), STN_GPU_ARRAY(grad_output->ga),
      STN_GPU_ARRAY(sums.array), npy_int32(pixel_shares), npy_int32(channel_shares));
  if (status != GA_NO_ERROR) return status;
  size_t entries = 6 * batch;
  return stn_theta_finish_scall(1, &entries, 0, STN_GPU_GEOMETRY(geometry, x, y),
                                STN_GPU_ARRAY(sums.array),
                                STN_GPU_ARRAY(grad_coords->ga), npy_int32(shares));
#else
  stn::Launch launch(&k_stn_points_gradient, geometry, geometry.out_pixels(), 1);
  return stn_points_gradient_call(
      3, launch.groups, launch.items, 0, STN_GPU_GEOMETRY(geometry, x, y),
      STN_GPU_ARRAY(images->ga), STN_GPU_ARRAY(coords->ga),
      STN_GPU_ARRAY(grad_output->ga), STN_GPU_ARRAY(grad_coords->ga));
#endif
}
#endif

// Inputs: images, coords, size (int64 vector, on the host), gradient of the output.
// Outputs: the gradients that are asked for, images before coords.
int APPLY_SPECIFIC(sample_gradient)(PyGpuArrayObject* images, PyGpuArrayObject* coords,
                                    PyArrayObject* size, PyGpuArrayObject* grad_output,
#if STN_GRAD_IMAGES
                                    PyGpuArrayObject** grad_images,
#endif
#if STN_GRAD_COORDS
                                    PyGpuArrayObject** grad_coords,
#endif
                                    PARAMS_TYPE* params) {
  const char* name = "GpuFusedSampleGradient";
  PyGpuContextObject* context = params->context;
  const int type = images->ga.typecode;
  int status = GA_NO_ERROR;
  stn::Geometry geometry;
  if (!stn::read_geometry(&geometry, name, images, coords, size, STN_AFFINE,
                          params->border_value, params->align_corners) ||
      !stn::fits_output<2>(geometry, name, PyGpuArray_DIMS(grad_output)))
    return 1;
#if STN_GRAD_IMAGES
  if (!stn::prepare_output(grad_images, 4, PyGpuArray_DIMS(images), type, context))
    return 1;
  status =
      APPLY_SPECIFIC(to_images)(geometry, coords, grad_output, *grad_images, context);
#endif
#if STN_GRAD_COORDS
  if (!stn::prepare_output(grad_coords, PyGpuArray_NDIM(coords),
                           PyGpuArray_DIMS(coords), type, context))
    return 1;
  if (status == GA_NO_ERROR)
    status = APPLY_SPECIFIC(to_coords)(geometry, images, coords, grad_output,
                                       *grad_coords, context);
#endif
  return stn::report(name, status, context);
}
