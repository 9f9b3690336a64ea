/* Loaded libraries and their kernels: loading, look-up, attributes, which device takes which image.
 *
 * An architecture that no device here has is refused when the image is loaded; one that only the
 * device at hand lacks is refused when the kernel is first used there, by an attribute or a launch,
 * because the driver loads a library's code onto a device lazily.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "standin.h"

static struct CUlib_st *libraries;

void *checked_allocation(size_t size)
{
    void *memory = calloc(1, size);
    if (memory == NULL) {
        fputs("stand-in libcuda: out of memory\n", stderr);
        abort();
    }
    return memory;
}

struct CUkern_st *image_add_kernel(struct CUlib_st *library, const char *name, size_t length)
{
    struct CUkern_st *kernel = checked_allocation(sizeof *kernel);
    kernel->library = library;
    kernel->name = checked_allocation(length + 1);
    memcpy(kernel->name, name, length);
    for (int device = 0; device < DEVICE_LIMIT; device++)
        kernel->shared_limit[device] = DEFAULT_SHARED_BYTES;
    kernel->next = library->kernels;
    library->kernels = kernel;
    return kernel;
}

static void free_library(struct CUlib_st *library)
{
    while (library->kernels != NULL) {
        struct CUkern_st *kernel = library->kernels;
        library->kernels = kernel->next;
        free(kernel->name);
        free(kernel->parameters);
        free(kernel);
    }
    free(library);
}

static void identify(struct CUlib_st *library, const unsigned char *bytes, uint64_t size)
{
    library->size = size;
    library->hash = 14695981039346656037u;
    for (uint64_t index = 0; index < size; index++)
        library->hash = (library->hash ^ bytes[index]) * 1099511628211u;
}

/* A machine image runs on its own major version from its minor on, PTX on everything newer; with
 * suffix `a` either runs on exactly its own architecture, with `f` within its family. */
int image_runs_on(const struct CUlib_st *library, int capability)
{
    int newer = capability >= library->architecture;
    if (library->suffix == 'a')
        return capability == library->architecture;
    if (library->is_ptx && library->suffix != 'f')
        return newer;
    return newer && capability / 10 == library->architecture / 10;
}

static int runs_somewhere(const struct CUlib_st *library)
{
    for (int device = 0; device < device_count(); device++)
        if (image_runs_on(library, device_capability(device)))
            return 1;
    return 0;
}

CUresult image_load(const void *image, CUlibrary *place)
{
    struct CUlib_st *library;
    CUresult result = CUDA_ERROR_INVALID_IMAGE;
    if (image == NULL || place == NULL)
        return CUDA_ERROR_INVALID_VALUE;
    library = checked_allocation(sizeof *library);
    if (strncmp(image, "\177ELF", 4) == 0) {
        result = cubin_parse(image, library);
    } else if (ptx_recognise(image)) {
        library->is_ptx = 1;
        library->size = strlen(image);
        result = ptx_parse(image, library);
    }
    if (result == CUDA_SUCCESS && !runs_somewhere(library))
        result = CUDA_ERROR_NO_BINARY_FOR_GPU;
    if (result != CUDA_SUCCESS) {
        free_library(library);
        return result;
    }
    identify(library, image, library->size);
    library->loaded = 1;
    library->next = libraries;
    libraries = library;
    *place = library;
    return CUDA_SUCCESS;
}

CUlibrary image_library(CUlibrary handle)
{
    CUlibrary library = libraries;
    while (library != NULL && (library != handle || !library->loaded))
        library = library->next;
    return library;
}

/* A kernel whose library is gone keeps its memory, which records refer to, but is not found. */
CUkernel image_kernel(CUkernel handle)
{
    for (CUlibrary library = libraries; library != NULL; library = library->next)
        for (CUkernel kernel = library->kernels; kernel != NULL; kernel = kernel->next)
            if (kernel == handle)
                return library->loaded ? kernel : NULL;
    return NULL;
}

CUresult image_find_kernel(CUlibrary handle, const char *name, CUkernel *place)
{
    CUlibrary library = image_library(handle);
    CUkernel kernel;
    if (place == NULL || name == NULL)
        return CUDA_ERROR_INVALID_VALUE;
    if (library == NULL)
        return CUDA_ERROR_INVALID_HANDLE;
    for (kernel = library->kernels; kernel != NULL; kernel = kernel->next)
        if (strcmp(kernel->name, name) == 0)
            break;
    if (kernel == NULL)
        return CUDA_ERROR_NOT_FOUND;
    *place = kernel;
    return CUDA_SUCCESS;
}

/* A kernel's function in the current context; the stand-in launches either handle. */
CUresult image_load_on_current(CUfunction *function, CUkernel handle)
{
    CUkernel kernel = image_kernel(handle);
    CUcontext context = context_current();
    if (function == NULL)
        return CUDA_ERROR_INVALID_VALUE;
    if (kernel == NULL)
        return CUDA_ERROR_INVALID_HANDLE;
    if (context == NULL)
        return CUDA_ERROR_INVALID_CONTEXT;
    if (!image_runs_on(kernel->library, device_capability(context->device)))
        return CUDA_ERROR_NO_BINARY_FOR_GPU;
    *function = (CUfunction)kernel;
    return CUDA_SUCCESS;
}

CUresult image_set_attribute(CUkernel handle, int attribute, int value, CUdevice device)
{
    CUkernel kernel = image_kernel(handle);
    if (kernel == NULL)
        return CUDA_ERROR_INVALID_HANDLE;
    if (!device_exists(device))
        return CUDA_ERROR_INVALID_DEVICE;
    if (!image_runs_on(kernel->library, device_capability(device)))
        return CUDA_ERROR_NO_BINARY_FOR_GPU;
    switch (attribute) {
    case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES:
        if (value < 0 || value > device_shared_optin(device))
            return CUDA_ERROR_INVALID_VALUE;
        kernel->shared_limit[device] = value;
        return CUDA_SUCCESS;
    case CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED:
        kernel->large_clusters[device] = value;
        return CUDA_SUCCESS;
    case CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT:
        return value >= -1 && value <= 100 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
    case CU_FUNC_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE:
        return value >= 0 && value <= 2 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
    default:
        return CUDA_ERROR_INVALID_VALUE;
    }
}
