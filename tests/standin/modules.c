/* Modules and functions, the older way to load an image: for the current context alone.
 *
 * A module is a library and a function a kernel, so that a launch takes either handle.
 */
#include "standin.h"

enum { CACHE_PREFERENCES = 4, DEVICE_THREADS = 1024 };

CUresult module_load(const void *image, CUlibrary *place)
{
    CUcontext context = context_current();
    CUlibrary library;
    CUresult result;
    if (context == NULL)
        return CUDA_ERROR_INVALID_CONTEXT;
    if (place == NULL)
        return CUDA_ERROR_INVALID_VALUE;
    result = image_load(image, &library);
    if (result != CUDA_SUCCESS)
        return result;
    if (!image_runs_on(library, device_capability(context->device))) {
        library->loaded = 0;
        return CUDA_ERROR_NO_BINARY_FOR_GPU;
    }
    *place = library;
    return CUDA_SUCCESS;
}

CUresult module_get_function(CUfunction *place, CUlibrary module, const char *name)
{
    CUkernel kernel;
    CUresult result;
    if (place == NULL)
        return CUDA_ERROR_INVALID_VALUE;
    result = image_find_kernel(module, name, &kernel);
    if (result == CUDA_SUCCESS)
        *place = (CUfunction)kernel;
    return result;
}

static int most_threads(const struct CUkern_st *kernel)
{
    const uint32_t *block = kernel->required_block;
    uint32_t required = block[0] * block[1] * block[2];
    uint32_t most = required > 0 ? required : kernel->maximum_threads;
    return most > 0 ? (int)most : DEVICE_THREADS;
}

CUresult function_get_attribute(int *value, int attribute, CUfunction function)
{
    CUkernel kernel = image_kernel((CUkernel)(void *)function);
    if (kernel == NULL)
        return CUDA_ERROR_INVALID_HANDLE;
    if (value == NULL)
        return CUDA_ERROR_INVALID_VALUE;
    switch (attribute) {
    case CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
        *value = most_threads(kernel);
        return CUDA_SUCCESS;
    case CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES:
        *value = (int)kernel->stack;
        return CUDA_SUCCESS;
    case CU_FUNC_ATTRIBUTE_NUM_REGS:
        *value = (int)kernel->registers;
        return CUDA_SUCCESS;
    case CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES: /* of Triton's images, all is dynamic */
        *value = 0;
        return CUDA_SUCCESS;
    default:
        return CUDA_ERROR_INVALID_VALUE;
    }
}

CUresult function_set_attribute(CUfunction function, int attribute, int value)
{
    CUcontext context = context_current();
    if (context == NULL)
        return CUDA_ERROR_INVALID_CONTEXT;
    return image_set_attribute((CUkernel)(void *)function, attribute, value, context->device);
}

CUresult function_set_cache(CUfunction function, int preference)
{
    if (image_kernel((CUkernel)(void *)function) == NULL)
        return CUDA_ERROR_INVALID_HANDLE;
    return preference >= 0 && preference < CACHE_PREFERENCES ? CUDA_SUCCESS
                                                             : CUDA_ERROR_INVALID_VALUE;
}
