/* One launch: the grid, the context, the image for the device, and the call to the driver. */
#include "tb_driver.h"

#include <stdio.h>
#include <stdlib.h>

#define DEFAULT_SHARED_LIMIT (48 * 1024)

static const int64_t grid_limits[] = {2147483647, 65535, 65535};

static tritonbind_status check_grid(const tb_function *function, tb_grid grid)
{
    const int64_t sizes[] = {grid.x, grid.y, grid.z};
    if (grid.failed)
        return tb_fail(function, TRITONBIND_VALUE_ERROR,
                       "the launch grid cannot be computed from these arguments: "
                       "it overflows 64 bits or divides by zero");
    for (int axis = 0; axis < 3; axis++) {
        if (sizes[axis] < 0 || sizes[axis] > grid_limits[axis])
            return tb_fail(function, TRITONBIND_VALUE_ERROR,
                           "the launch grid (%lld, %lld, %lld) must have %c between 0 and %lld",
                           (long long)grid.x, (long long)grid.y, (long long)grid.z, "xyz"[axis],
                           (long long)grid_limits[axis]);
    }
    return TRITONBIND_OK;
}

tb_image *tb_choose_image(const tb_variant *variant, int32_t capability)
{
    tb_image *cubin = NULL, *ptx = NULL;
    for (int32_t i = 0; i < variant->image_count; i++) {
        tb_image *image = &variant->images[i];
        if (image->capability > capability)
            continue;
        if (image->is_ptx) {
            if (ptx == NULL || ptx->capability < image->capability)
                ptx = image;
        } else if (image->capability == capability
                   || (!image->is_exact && image->capability / 10 == capability / 10)) {
            if (cubin == NULL || cubin->capability < image->capability)
                cubin = image;
        }
    }
    return cubin == NULL ? ptx : cubin;
}

void tb_fail_no_image(const tb_function *function, const tb_variant *variant, int32_t device,
                      int32_t capability)
{
    char held[512];
    size_t length = 0;
    held[0] = 0;
    for (int32_t i = 0; i < variant->image_count && length < sizeof held; i++) {
        const tb_image *image = &variant->images[i];
        int written = snprintf(held + length, sizeof held - length, "%s%s_%d",
                               length == 0 ? "" : ", ", image->is_ptx ? "compute" : "sm",
                               (int)image->capability);
        length += written < 0 ? 0 : (size_t)written;
    }
    tb_fail(function, TRITONBIND_RUNTIME_ERROR,
            "no image for sm_%d, which cuda:%d is; this library holds %s", (int)capability,
            (int)device, held);
}

/* Loads the image once for all devices that use it. Called under the lock. */
static bool load_image(const tb_driver *driver, const tb_function *function, tb_image *image,
                       int32_t device)
{
    void *library = NULL, *kernel = NULL;
    if (image->kernel != NULL)
        return true;
    int result = driver->library_load(&library, image->data, NULL, NULL, 0, NULL, NULL, 0);
    if (result != CUDA_SUCCESS) {
        tb_fail_cuda(function,
                     image->is_ptx ? "cuLibraryLoadData of PTX" : "cuLibraryLoadData", device,
                     result);
        return false;
    }
    result = driver->library_kernel(&kernel, library, image->symbol);
    if (result != CUDA_SUCCESS) {
        (void)driver->library_unload(library);
        tb_fail_cuda(function, "cuLibraryGetKernel", device, result);
        return false;
    }
    image->kernel = kernel;
    return true;
}

static bool prepare_kernel(const tb_driver *driver, const tb_function *function, tb_image *image,
                           int32_t device)
{
    void *unused = NULL;
    if (image->shared > driver->devices[device].shared_optin) {
        tb_fail(function, TRITONBIND_RUNTIME_ERROR,
                "cannot launch on cuda:%d: the kernel needs %d bytes of shared memory per block, "
                "and the device has %d",
                (int)device, (int)image->shared, (int)driver->devices[device].shared_optin);
        return false;
    }
    if (!load_image(driver, function, image, device))
        return false;
    if (image->shared > DEFAULT_SHARED_LIMIT) {
        int result = driver->kernel_attribute(CU_FUNCTION_MAX_DYNAMIC_SHARED, image->shared,
                                              image->kernel, device);
        if (result != CUDA_SUCCESS) {
            tb_fail_cuda(function, "cuKernelSetAttribute", device, result);
            return false;
        }
    }
    if (image->extras != NULL && !tb_prepare_extras(driver, function, image, device))
        return false;
    /* Loads the code into this context now, not lazily in a launch that is being captured. */
    int result = driver->kernel_function(&unused, image->kernel);
    if (result != CUDA_SUCCESS)
        tb_fail_cuda(function, "cuKernelGetFunction", device, result);
    return result == CUDA_SUCCESS;
}

/* The images of a variant by device; the table is made once and never freed. */
static tb_image **image_table(tb_variant *variant, int32_t device_count)
{
    tb_image **table = variant->loaded;
    if (table == NULL) {
        table = calloc((size_t)device_count, sizeof *table);
        __atomic_store_n(&variant->loaded, table, __ATOMIC_RELEASE);
    }
    return table;
}

static const tb_image *load(const tb_driver *driver, const tb_function *function,
                            tb_variant *variant, int32_t device)
{
    tb_image *image = tb_choose_image(variant, driver->devices[device].capability);
    if (image == NULL) {
        tb_fail_no_image(function, variant, device, driver->devices[device].capability);
        return NULL;
    }
    /* Loading is not allowed in a stream capture unless this thread's capture mode is relaxed. */
    int mode = CU_STREAM_CAPTURE_RELAXED;
    int result = driver->capture_mode(&mode);
    if (result != CUDA_SUCCESS) {
        tb_fail_cuda(function, "cuThreadExchangeStreamCaptureMode", device, result);
        return NULL;
    }
    tb_lock();
    tb_image **table = image_table(variant, driver->count);
    if (table == NULL) {
        tb_fail(function, TRITONBIND_RUNTIME_ERROR, "cannot launch: out of host memory");
        image = NULL;
    } else if (prepare_kernel(driver, function, image, device)) {
        __atomic_store_n(&table[device], image, __ATOMIC_RELEASE);
    } else {
        image = NULL;
    }
    tb_unlock();
    (void)driver->capture_mode(&mode);
    return image;
}

/* The image of a variant for a device, loaded at first use; NULL after failing. */
static const tb_image *loaded_image(const tb_driver *driver, const tb_function *function,
                                    tb_variant *variant, int32_t device)
{
    tb_image **table = __atomic_load_n(&variant->loaded, __ATOMIC_ACQUIRE);
    const tb_image *image =
        table == NULL ? NULL : __atomic_load_n(&table[device], __ATOMIC_ACQUIRE);
    return image != NULL ? image : load(driver, function, variant, device);
}

static tritonbind_status launch_kernel(const tb_driver *driver, const tb_function *function,
                                       tb_variant *variant, int32_t device, void *stream,
                                       tb_grid grid, void *const *values)
{
    const tb_image *image = loaded_image(driver, function, variant, device);
    if (image == NULL)
        return TRITONBIND_RUNTIME_ERROR;
    tritonbind_status status = tb_encode_maps(function, image, device, values);
    if (status != TRITONBIND_OK)
        return status;
    uint64_t no_scratch = 0; /* Triton's two last parameters, of which few kernels use the first */
    void *parameters[TB_MOST_PARAMETERS + 2];
    int32_t count = image->parameter_count;
    for (int32_t i = 0; i < count; i++)
        parameters[i] = values[image->parameters[i]];
    parameters[count] = parameters[count + 1] = &no_scratch;
    cu_launch_config config = {
        .grid_x = (unsigned int)grid.x,
        .grid_y = (unsigned int)grid.y,
        .grid_z = (unsigned int)grid.z,
        .block_x = (unsigned int)image->threads,
        .block_y = 1,
        .block_z = 1,
        .shared_bytes = (unsigned int)image->shared,
        .stream = stream,
    };
    if (image->extras != NULL)
        return tb_launch_with_extras(driver, function, image, device, &config, parameters,
                                     &parameters[count]);
    int result = driver->launch(&config, image->kernel, parameters, NULL);
    if (result != CUDA_SUCCESS)
        return tb_fail_cuda(function, "cuLaunchKernelEx", device, result);
    return TRITONBIND_OK;
}

tritonbind_status tb_launch(const tb_function *function, int32_t variant, int32_t device,
                            void *stream, tb_grid grid, void *const *values)
{
    bool pushed = false;
    tritonbind_status status = check_grid(function, grid);
    if (status != TRITONBIND_OK)
        return status;
    if (grid.x == 0 || grid.y == 0 || grid.z == 0)
        return TRITONBIND_OK;
    const tb_driver *driver = tb_open_driver(function);
    if (driver == NULL)
        return TRITONBIND_RUNTIME_ERROR;
    status = tb_enter_device(driver, function, &device, &pushed);
    if (status != TRITONBIND_OK)
        return status;
    status = launch_kernel(driver, function, &function->variants[variant], device, stream, grid,
                           values);
    if (pushed) {
        void *popped = NULL;
        int result = driver->context_pop(&popped);
        if (result != CUDA_SUCCESS && status == TRITONBIND_OK)
            status = tb_fail_cuda(function, "cuCtxPopCurrent", device, result);
    }
    return status;
}
