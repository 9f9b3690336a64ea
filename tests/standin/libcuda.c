/* A stand-in for libcuda.so.1: the driver calls that generated launchers use, without a GPU. */
#include <string.h>

#include "standin.h"

/* Every call is counted, may be told to fail, and runs under one lock. */
#define DRIVER_CALL(name, parameters, action)                                                      \
    EXPORT CUresult name parameters;                                                               \
    EXPORT CUresult name parameters                                                                \
    {                                                                                              \
        CUresult result = driver_enter(CALL_##name);                                               \
        if (result == CUDA_SUCCESS)                                                                \
            result = (action);                                                                     \
        driver_unlock();                                                                           \
        return result;                                                                             \
    }

static CUresult give_integer(int *place, int value)
{
    if (place == NULL)
        return CUDA_ERROR_INVALID_VALUE;
    *place = value;
    return CUDA_SUCCESS;
}

static CUresult give_device(CUdevice *device, int ordinal)
{
    if (device == NULL)
        return CUDA_ERROR_INVALID_VALUE;
    if (!device_exists(ordinal))
        return CUDA_ERROR_INVALID_DEVICE;
    *device = ordinal;
    return CUDA_SUCCESS;
}

static CUresult give_context(CUcontext *place, CUcontext context)
{
    if (place == NULL)
        return CUDA_ERROR_INVALID_VALUE;
    *place = context;
    return CUDA_SUCCESS;
}

static CUresult retain_primary(CUcontext *place, CUdevice device)
{
    if (!device_exists(device))
        return CUDA_ERROR_INVALID_DEVICE;
    return give_context(place, context_primary(device));
}

static CUresult give_primary_state(CUdevice device, unsigned int *flags, int *active)
{
    if (!device_exists(device))
        return CUDA_ERROR_INVALID_DEVICE;
    if (flags == NULL)
        return CUDA_ERROR_INVALID_VALUE;
    *flags = 0;
    return give_integer(active, context_primary_is_active(device));
}

static CUresult give_current_device(CUdevice *device)
{
    CUcontext context = context_current();
    if (context == NULL)
        return CUDA_ERROR_INVALID_CONTEXT;
    return give_integer(device, context->device);
}

static CUresult create_and_push(CUcontext *place, CUdevice device)
{
    CUcontext context;
    if (place == NULL)
        return CUDA_ERROR_INVALID_VALUE;
    if (!device_exists(device))
        return CUDA_ERROR_INVALID_DEVICE;
    context = context_create(device);
    *place = context;
    return context_push(context);
}

static CUresult unload(CUlibrary handle)
{
    CUlibrary library = image_library(handle);
    if (library == NULL)
        return CUDA_ERROR_INVALID_HANDLE;
    library->loaded = 0;
    return CUDA_SUCCESS;
}

/* Every address is one of a device's memory: the stand-in knows of no other. */
static CUresult give_pointer(void *place, int attribute, CUdeviceptr address)
{
    if (place == NULL || attribute != CU_POINTER_ATTRIBUTE_DEVICE_POINTER)
        return CUDA_ERROR_INVALID_VALUE;
    *(CUdeviceptr *)place = address;
    return CUDA_SUCCESS;
}

static CUresult give_limit(size_t *place, int limit)
{
    if (place == NULL || limit != CU_LIMIT_PRINTF_FIFO_SIZE)
        return CUDA_ERROR_INVALID_VALUE;
    *place = (size_t)1 << 20;
    return CUDA_SUCCESS;
}

static CUresult take_limit(int limit)
{
    return limit == CU_LIMIT_PRINTF_FIFO_SIZE ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

static CUresult give_name(char *place, int size, CUdevice device)
{
    static const char name[] = "Stand-in";
    if (place == NULL || size <= 0)
        return CUDA_ERROR_INVALID_VALUE;
    if (!device_exists(device))
        return CUDA_ERROR_INVALID_DEVICE;
    strncpy(place, name, (size_t)size - 1);
    place[size - 1] = '\0';
    return CUDA_SUCCESS;
}

static CUresult check_both(CUdeviceptr to, CUdeviceptr from, size_t size)
{
    CUresult result = memory_check(to, size);
    return result == CUDA_SUCCESS ? memory_check(from, size) : result;
}

/* Nothing computes here, so nothing but zeros is ever read. */
static CUresult read_zeros(void *to, CUdeviceptr from, size_t size)
{
    if (to == NULL || memory_check(from, size) != CUDA_SUCCESS)
        return CUDA_ERROR_INVALID_VALUE;
    memset(to, 0, size);
    return CUDA_SUCCESS;
}

static CUresult synchronise(void)
{
    return context_current() == NULL ? CUDA_ERROR_INVALID_CONTEXT : CUDA_SUCCESS;
}

static CUresult give_text(CUresult code, int named, const char **place)
{
    const char *text = NULL;
    if (place == NULL)
        return CUDA_ERROR_INVALID_VALUE;
    switch (code) {
#define RESULT_CASE(number, name, description)                                                     \
    case name:                                                                                     \
        text = named ? #name : description;                                                        \
        break;
        CUDA_RESULTS(RESULT_CASE)
#undef RESULT_CASE
    default:
        break;
    }
    *place = text;
    return text == NULL ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
}

DRIVER_CALL(cuInit, (unsigned int flags), driver_initialise(flags))
DRIVER_CALL(cuDriverGetVersion, (int *version), give_integer(version, driver_version()))
DRIVER_CALL(cuDeviceGetCount, (int *count), give_integer(count, device_count()))
DRIVER_CALL(cuDeviceGet, (CUdevice * device, int ordinal), give_device(device, ordinal))
DRIVER_CALL(cuDeviceGetAttribute, (int *value, int attribute, CUdevice device),
            device_attribute(value, attribute, device))
DRIVER_CALL(cuDevicePrimaryCtxRetain, (CUcontext * context, CUdevice device),
            retain_primary(context, device))
DRIVER_CALL(cuDevicePrimaryCtxGetState, (CUdevice device, unsigned int *flags, int *active),
            give_primary_state(device, flags, active))

DRIVER_CALL(cuCtxGetCurrent, (CUcontext * context), give_context(context, context_current()))
DRIVER_CALL(cuCtxSetCurrent, (CUcontext context), context_set(context))
DRIVER_CALL(cuCtxGetDevice, (CUdevice * device), give_current_device(device))
DRIVER_CALL(cuCtxPushCurrent_v2, (CUcontext context), context_push(context))
DRIVER_CALL(cuCtxPopCurrent_v2, (CUcontext * context), context_pop(context))
DRIVER_CALL(cuCtxCreate_v2, (CUcontext * context, unsigned int flags, CUdevice device),
            ((void)flags, create_and_push(context, device)))
DRIVER_CALL(cuThreadExchangeStreamCaptureMode, (int *mode), context_exchange_capture_mode(mode))
DRIVER_CALL(cuStreamGetCtx, (CUstream stream, CUcontext *context),
            context_of_stream(stream, context))

DRIVER_CALL(cuLibraryLoadData,
            (CUlibrary * library, const void *image, void *jit_options, void **jit_values,
             unsigned int jit_count, void *options, void **values, unsigned int count),
            ((void)jit_options, (void)jit_values, (void)jit_count, (void)options, (void)values,
             (void)count, image_load(image, library)))
DRIVER_CALL(cuLibraryUnload, (CUlibrary library), unload(library))
DRIVER_CALL(cuLibraryGetKernel, (CUkernel * kernel, CUlibrary library, const char *name),
            image_find_kernel(library, name, kernel))
DRIVER_CALL(cuKernelSetAttribute, (int attribute, int value, CUkernel kernel, CUdevice device),
            image_set_attribute(kernel, attribute, value, device))
DRIVER_CALL(cuKernelGetFunction, (CUfunction * function, CUkernel kernel),
            image_load_on_current(function, kernel))

DRIVER_CALL(cuModuleLoadData, (CUlibrary * module, const void *image), module_load(image, module))
DRIVER_CALL(cuModuleUnload, (CUlibrary module), unload(module))
DRIVER_CALL(cuModuleGetFunction, (CUfunction * function, CUlibrary module, const char *name),
            module_get_function(function, module, name))
DRIVER_CALL(cuFuncGetAttribute, (int *value, int attribute, CUfunction function),
            function_get_attribute(value, attribute, function))
DRIVER_CALL(cuFuncSetAttribute, (CUfunction function, int attribute, int value),
            function_set_attribute(function, attribute, value))
DRIVER_CALL(cuFuncSetCacheConfig, (CUfunction function, int preference),
            function_set_cache(function, preference))

DRIVER_CALL(cuPointerGetAttribute, (void *place, int attribute, CUdeviceptr address),
            give_pointer(place, attribute, address))
DRIVER_CALL(cuStreamIsCapturing, (CUstream stream, int *status),
            ((void)stream, driver_capture_status(status)))
DRIVER_CALL(cuCtxGetLimit, (size_t *value, int limit), give_limit(value, limit))
DRIVER_CALL(cuCtxSetLimit, (int limit, size_t value), ((void)value, take_limit(limit)))

DRIVER_CALL(cuMemAllocAsync, (CUdeviceptr * address, size_t size, CUstream stream),
            memory_take(address, size, stream))
DRIVER_CALL(cuMemFreeAsync, (CUdeviceptr address, CUstream stream), memory_give(address, stream))

DRIVER_CALL(cuMemAlloc_v2, (CUdeviceptr * address, size_t size), memory_take_plainly(address, size))
DRIVER_CALL(cuMemFree_v2, (CUdeviceptr address), memory_give(address, NULL))
DRIVER_CALL(cuMemGetInfo_v2, (size_t *free_bytes, size_t *total_bytes),
            memory_info(free_bytes, total_bytes))
DRIVER_CALL(cuMemcpyHtoD_v2, (CUdeviceptr to, const void *from, size_t size),
            from == NULL ? CUDA_ERROR_INVALID_VALUE : memory_check(to, size))
DRIVER_CALL(cuMemcpyDtoH_v2, (void *to, CUdeviceptr from, size_t size), read_zeros(to, from, size))
DRIVER_CALL(cuMemcpyDtoD_v2, (CUdeviceptr to, CUdeviceptr from, size_t size),
            check_both(to, from, size))
DRIVER_CALL(cuMemsetD8_v2, (CUdeviceptr to, unsigned char value, size_t count),
            ((void)value, memory_check(to, count)))
DRIVER_CALL(cuMemsetD32Async, (CUdeviceptr to, unsigned int value, size_t count, CUstream stream),
            ((void)value, (void)stream, memory_check(to, 4 * count)))

DRIVER_CALL(cuCtxSynchronize, (void), synchronise())
DRIVER_CALL(cuDeviceGetName, (char *name, int size, CUdevice device), give_name(name, size, device))
DRIVER_CALL(cuEventCreate, (CUevent * event, unsigned int flags),
            ((void)flags, event_create(event)))
DRIVER_CALL(cuEventRecord, (CUevent event, CUstream stream), ((void)stream, event_record(event)))
DRIVER_CALL(cuEventElapsedTime, (float *milliseconds, CUevent start, CUevent end),
            event_elapsed(milliseconds, start, end))
DRIVER_CALL(cuEventDestroy_v2, (CUevent event), event_destroy(event))

DRIVER_CALL(cuLaunchKernelEx,
            (const CUlaunchConfig *config, CUfunction function, void **parameters, void **extra),
            launch(config, function, parameters, extra))

static CUlaunchConfig plain_config(const unsigned int *grid, const unsigned int *block,
                                   unsigned int shared_bytes, CUstream stream)
{
    CUlaunchConfig config = {0};
    config.gridDimX = grid[0];
    config.gridDimY = grid[1];
    config.gridDimZ = grid[2];
    config.blockDimX = block[0];
    config.blockDimY = block[1];
    config.blockDimZ = block[2];
    config.sharedMemBytes = shared_bytes;
    config.hStream = stream;
    return config;
}

static CUresult launch_plainly(CUlaunchConfig config, CUfunction function, void **parameters,
                               void **extra)
{
    return launch(&config, function, parameters, extra);
}

DRIVER_CALL(cuLaunchKernel,
            (CUfunction function, unsigned int grid_x, unsigned int grid_y, unsigned int grid_z,
             unsigned int block_x, unsigned int block_y, unsigned int block_z,
             unsigned int shared_bytes, CUstream stream, void **parameters, void **extra),
            launch_plainly(plain_config((unsigned int[]){grid_x, grid_y, grid_z},
                                        (unsigned int[]){block_x, block_y, block_z}, shared_bytes,
                                        stream),
                           function, parameters, extra))

#ifndef WITHOUT_TENSOR_MAPS
DRIVER_CALL(cuTensorMapEncodeTiled,
            (uint64_t *map, unsigned int type, unsigned int rank, void *data, const uint64_t *shape,
             const uint64_t *strides, const uint32_t *box, const uint32_t *steps,
             unsigned int interleave, unsigned int swizzle, unsigned int l2_promotion,
             unsigned int fill),
            tensor_map_encode(map,
                              &(struct tensor_map){type, rank, data, shape, strides, box, steps,
                                                   interleave, swizzle, l2_promotion, fill}))
#endif

DRIVER_CALL(cuGetErrorName, (CUresult code, const char **name), give_text(code, 1, name))
DRIVER_CALL(cuGetErrorString, (CUresult code, const char **text), give_text(code, 0, text))
