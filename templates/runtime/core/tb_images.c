/* The images of a variant: which suits a device, and loading it there, once. */
#include "tb_images.h"
#include "tb_devices.h"
#include "tb_extras.h"
#include "tb_process.h"

#include <stdio.h>
#include <stdlib.h>

#define DEFAULT_SHARED_LIMIT (48 * 1024)

tb_image *tb_choose_image(const tb_variant *variant, int32_t capability)
{
    tb_image *cubin = NULL, *ptx = NULL;
    for (int32_t i = 0; i < variant->image_count; i++) {
        tb_image *image = &variant->images[i];
        tb_image **best = image->is_ptx ? &ptx : &cubin;
        const bool is_alike = image->capability == capability
                              || (!image->is_exact && image->capability / 10 == capability / 10);
        if (image->capability <= capability && (image->is_ptx || is_alike)
            && (*best == NULL || (*best)->capability < image->capability))
            *best = image;
    }
    return cubin == NULL ? ptx : cubin;
}

void tb_fail_no_image(const tb_function *function, const tb_variant *variant, int32_t device,
                      int32_t capability)
{
    char held[512];
    size_t length = 0;
    held[0] = 0;
    if (variant->image_count == 0) {
        tb_fail(function, TRITONBIND_RUNTIME_ERROR,
                "no image could be built for these arguments; MANIFEST.json says why");
        return;
    }
    for (int32_t i = 0; i < variant->image_count && length < sizeof held; i++) {
        const tb_image *image = &variant->images[i];
        int written =
            snprintf(held + length, sizeof held - length, "%s%s_%d", length == 0 ? "" : ", ",
                     image->is_ptx ? "compute" : "sm", (int)image->capability);
        length += written < 0 ? 0 : (size_t)written;
    }
    tb_fail(function, TRITONBIND_RUNTIME_ERROR,
            "no image for sm_%d, which cuda:%d is; this library holds %s", (int)capability,
            (int)device, held);
}

static bool load_library(const tb_driver *driver, const tb_function *function, tb_image *image,
                         int32_t device)
{
    void *library = NULL, *kernel = NULL;
    int result = driver->library_load(&library, image->data, NULL, NULL, 0, NULL, NULL, 0);
    if (result != CUDA_SUCCESS) {
        tb_fail_cuda(function, image->is_ptx ? "cuLibraryLoadData of PTX" : "cuLibraryLoadData",
                     device, result);
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

/* Loads the image once for all devices that use it. */
static bool load_image(const tb_driver *driver, const tb_function *function, tb_image *image,
                       int32_t device)
{
    tb_claim claim;
    tb_begin_work(&claim, image, TB_ALL_DEVICES);
    const bool good = image->kernel != NULL || load_library(driver, function, image, device);
    tb_end_work(&claim);
    return good;
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
    tb_lock();
    if (variant->loaded == NULL)
        __atomic_store_n(&variant->loaded, calloc((size_t)device_count, sizeof *variant->loaded),
                         __ATOMIC_RELEASE);
    tb_unlock();
    return variant->loaded;
}

/* Makes the image ready for the device, unless a thread that wanted the same has done so. */
static bool load_once(const tb_driver *driver, const tb_function *function, tb_image *image,
                      int32_t device, tb_image **loaded)
{
    tb_claim claim;
    tb_begin_work(&claim, image, device);
    const bool good = *loaded != NULL || prepare_kernel(driver, function, image, device);
    if (good)
        __atomic_store_n(loaded, image, __ATOMIC_RELEASE);
    tb_end_work(&claim);
    return good;
}

const tb_image *tb_load_image(const tb_driver *driver, const tb_function *function,
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
    tb_know_primary(driver, device);
    tb_image **table = image_table(variant, driver->count);
    if (table == NULL) {
        tb_fail(function, TRITONBIND_RUNTIME_ERROR, "cannot launch: out of host memory");
        image = NULL;
    } else if (!load_once(driver, function, image, device, &table[device])) {
        image = NULL;
    }
    (void)driver->capture_mode(&mode);
    return image;
}
