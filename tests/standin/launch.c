/* One launch: refuse what the driver would refuse, then copy the parameters out and record it. */
#include <stdlib.h>
#include <string.h>

#include "standin.h"

static int same(const uint32_t *left, const uint32_t *right)
{
    return left[0] == right[0] && left[1] == right[1] && left[2] == right[2];
}

static int is_zero(const uint32_t *values)
{
    return values[0] == 0 && values[1] == 0 && values[2] == 0;
}

static CUresult check_grid(const uint32_t *grid)
{
    if (grid[0] == 0 || grid[1] == 0 || grid[2] == 0)
        return CUDA_ERROR_INVALID_VALUE;
    if (grid[0] > 2147483647 || grid[1] > 65535 || grid[2] > 65535)
        return CUDA_ERROR_INVALID_VALUE;
    return CUDA_SUCCESS;
}

static CUresult check_block(const uint32_t *block, const struct CUkern_st *kernel)
{
    uint64_t threads = (uint64_t)block[0] * block[1] * block[2];
    uint64_t limit = kernel->maximum_threads != 0 ? kernel->maximum_threads : 1024;
    if (block[0] > 1024 || block[1] > 1024 || block[2] > 64 || threads == 0 || threads > limit)
        return CUDA_ERROR_INVALID_VALUE;
    if (!is_zero(kernel->required_block) && !same(block, kernel->required_block))
        return CUDA_ERROR_INVALID_VALUE;
    return CUDA_SUCCESS;
}

/* A cluster asked for must be the one compiled in, and whole clusters must fill the grid. */
static CUresult check_cluster(const uint32_t *grid, const CUlaunchConfig *config,
                              const struct CUkern_st *kernel, int device)
{
    uint32_t cluster[3];
    memcpy(cluster, kernel->cluster, sizeof cluster);
    for (unsigned int index = 0; index < config->numAttrs; index++) {
        const CUlaunchAttribute *attribute = &config->attrs[index];
        if (attribute->id != CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION)
            continue;
        memcpy(cluster, attribute->value.cluster, sizeof cluster);
        if (!is_zero(kernel->cluster) && !same(cluster, kernel->cluster))
            return CUDA_ERROR_INVALID_CLUSTER_SIZE;
    }
    if (is_zero(cluster))
        return CUDA_SUCCESS;
    for (int axis = 0; axis < 3; axis++)
        if (cluster[axis] == 0 || grid[axis] % cluster[axis] != 0)
            return CUDA_ERROR_INVALID_CLUSTER_SIZE;
    if ((uint64_t)cluster[0] * cluster[1] * cluster[2] > (kernel->large_clusters[device] ? 16 : 8))
        return CUDA_ERROR_INVALID_CLUSTER_SIZE;
    return CUDA_SUCCESS;
}

static CUresult check(const CUlaunchConfig *config, const struct CUkern_st *kernel, int device)
{
    const uint32_t grid[3] = {config->gridDimX, config->gridDimY, config->gridDimZ};
    const uint32_t block[3] = {config->blockDimX, config->blockDimY, config->blockDimZ};
    CUresult result = CUDA_SUCCESS;
    if (!image_runs_on(kernel->library, device_capability(device)))
        return CUDA_ERROR_NO_BINARY_FOR_GPU;
    if (config->numAttrs > 0 && config->attrs == NULL)
        return CUDA_ERROR_INVALID_VALUE;
    result = check_grid(grid);
    if (result == CUDA_SUCCESS)
        result = check_block(block, kernel);
    if (result == CUDA_SUCCESS
        && config->sharedMemBytes > (unsigned int)kernel->shared_limit[device])
        result = CUDA_ERROR_INVALID_VALUE;
    if (result == CUDA_SUCCESS)
        result = check_cluster(grid, config, kernel, device);
    return result;
}

/* The packed form: {1, buffer, 2, &size, 0}, the buffer laid out by the image's offsets. */
static CUresult read_packed(const struct CUkern_st *kernel, void **extra, unsigned char *bytes)
{
    const void *buffer = NULL;
    size_t size = 0;
    for (; (size_t)extra[0] != CU_LAUNCH_PARAM_END; extra += 2) {
        if ((size_t)extra[0] == CU_LAUNCH_PARAM_BUFFER_POINTER)
            buffer = extra[1];
        else if ((size_t)extra[0] == CU_LAUNCH_PARAM_BUFFER_SIZE)
            size = *(size_t *)extra[1];
        else
            return CUDA_ERROR_INVALID_VALUE;
    }
    if (buffer == NULL || size < parameters_size(kernel))
        return CUDA_ERROR_INVALID_VALUE;
    memcpy(bytes, buffer, parameters_size(kernel));
    return CUDA_SUCCESS;
}

/* Sizes and offsets are the image's own: what the caller believes them to be plays no part. */
static CUresult read_parameters(const struct CUkern_st *kernel, void **parameters, void **extra,
                                unsigned char *bytes)
{
    if (parameters != NULL && extra != NULL)
        return CUDA_ERROR_INVALID_VALUE;
    if (extra != NULL)
        return read_packed(kernel, extra, bytes);
    if (parameters == NULL && kernel->parameter_count > 0)
        return CUDA_ERROR_INVALID_VALUE;
    for (size_t index = 0; index < kernel->parameter_count; index++) {
        const struct parameter *parameter = &kernel->parameters[index];
        if (parameters[index] == NULL)
            return CUDA_ERROR_INVALID_VALUE;
        memcpy(bytes + parameter->offset, parameters[index], parameter->size);
    }
    return CUDA_SUCCESS;
}

size_t parameters_size(const struct CUkern_st *kernel)
{
    size_t size = 0;
    for (size_t index = 0; index < kernel->parameter_count; index++) {
        size_t end = (size_t)kernel->parameters[index].offset + kernel->parameters[index].size;
        size = end > size ? end : size;
    }
    return size;
}

CUresult launch(const CUlaunchConfig *config, CUfunction function, void **parameters, void **extra)
{
    CUkernel kernel = image_kernel((CUkernel)(void *)function);
    CUcontext context;
    CUresult result;
    unsigned char *bytes;
    if (config == NULL)
        return CUDA_ERROR_INVALID_VALUE;
    if (context_current() == NULL)
        return CUDA_ERROR_INVALID_CONTEXT;
    if (kernel == NULL)
        return CUDA_ERROR_INVALID_HANDLE;
    result = context_of_stream(config->hStream, &context);
    if (result == CUDA_SUCCESS)
        result = check(config, kernel, context->device);
    if (result != CUDA_SUCCESS)
        return result;
    bytes = checked_allocation(parameters_size(kernel) + 1);
    result = read_parameters(kernel, parameters, extra, bytes);
    if (result == CUDA_SUCCESS) {
        record_launch(config, kernel, context, bytes);
        time_launch(kernel->library->hash,
                    (uint64_t)config->gridDimX * config->gridDimY * config->gridDimZ);
    }
    free(bytes);
    return result;
}
