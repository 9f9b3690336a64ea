/* Launches that need more than a grid: clusters, attributes, scratch memory. */
#include "tb_extras.h"

#include <stdio.h>
#include <string.h>

#define GRID_LIMIT 2147483647
#define PORTABLE_CLUSTER 8
#define MOST_ATTRIBUTES 4

bool tb_prepare_extras(const tb_driver *driver, const tb_function *function, const tb_image *image,
                       int32_t device)
{
    const char *call = "cuDeviceGetAttribute";
    int result = CUDA_SUCCESS, has_pools = 1;
    if (image->extras->scratch > 0)
        result = driver->device_attribute(&has_pools, CU_ATTRIBUTE_MEMORY_POOLS, device);
    if (result == CUDA_SUCCESS && !has_pools) {
        tb_fail(function, TRITONBIND_RUNTIME_ERROR,
                "cannot launch on cuda:%d: the kernel needs scratch memory from a memory pool, "
                "and the device has no memory pools",
                (int)device);
        return false;
    }
    if (result == CUDA_SUCCESS && image->extras->num_ctas > PORTABLE_CLUSTER) {
        call = "cuKernelSetAttribute";
        result =
            driver->kernel_attribute(CU_FUNCTION_NON_PORTABLE_CLUSTER, 1, image->kernel, device);
    }
    if (result != CUDA_SUCCESS)
        tb_fail_cuda(function, call, device, result);
    return result == CUDA_SUCCESS;
}

/* In the order in which Triton's own launcher has them. */
static unsigned int fill_attributes(const tb_extras *extras, cu_launch_attribute *attributes)
{
    unsigned int count = 0;
    if (extras->launch_pdl)
        attributes[count++] = (cu_launch_attribute){.id = CU_LAUNCH_PROGRAMMATIC_SERIALIZATION,
                                                    .value = {.number = 1}};
    if (extras->cooperative)
        attributes[count++] =
            (cu_launch_attribute){.id = CU_LAUNCH_COOPERATIVE, .value = {.number = 1}};
    if (extras->num_ctas > 1) {
        attributes[count++] =
            (cu_launch_attribute){.id = CU_LAUNCH_CLUSTER_DIMENSION,
                                  .value = {.sizes = {(unsigned int)extras->num_ctas, 1, 1}}};
        attributes[count++] = (cu_launch_attribute){.id = CU_LAUNCH_CLUSTER_SCHEDULING,
                                                    .value = {.number = CU_SCHEDULING_SPREAD}};
    }
    return count;
}

tritonbind_status tb_plan_extras(tritonbind_prepared *launch)
{
    const tb_extras *extras = launch->image->extras;
    const int32_t num_ctas = extras->num_ctas;
    const unsigned int x = launch->grid_x, y = launch->grid_y, z = launch->grid_z;
    if (x > (unsigned int)(GRID_LIMIT / num_ctas))
        return tb_fail(launch->function, TRITONBIND_VALUE_ERROR,
                       "the launch grid (%u, %u, %u) must have x between 0 and %d: "
                       "each program of this kernel is a cluster of %d blocks",
                       x, y, z, GRID_LIMIT / (int)num_ctas, (int)num_ctas);
    uint64_t blocks = (uint64_t)x * (uint64_t)num_ctas * y * z; /* within limits: below 2**63 */
    if (__builtin_mul_overflow(blocks, extras->scratch, &launch->scratch))
        return tb_fail(launch->function, TRITONBIND_VALUE_ERROR,
                       "the launch grid (%u, %u, %u) needs more scratch memory than 64 bits can "
                       "count: each of its %llu blocks needs %lld bytes",
                       x, y, z, (unsigned long long)blocks, (long long)extras->scratch);
    launch->grid_x = x * (unsigned int)num_ctas;
    return TRITONBIND_OK;
}

/* The launch itself, between taking scratch memory and giving it back. Both happen in the order of
 * the stream: the kernel has the memory for itself, and a graph that is captured does the same. */
static tritonbind_status launch_with_scratch(const tb_driver *driver,
                                             const tritonbind_prepared *launch,
                                             const cu_launch_config *config)
{
    const int32_t count = launch->image->parameter_count;
    void *parameters[TB_MOST_PARAMETERS + 2];
    uint64_t address = 0;
    int result = driver->memory_allocate(&address, launch->scratch, config->stream);
    if (result != CUDA_SUCCESS) {
        char call[80];
        snprintf(call, sizeof call, "cuMemAllocAsync of %llu bytes of scratch memory",
                 (unsigned long long)launch->scratch);
        return tb_fail_cuda(launch->function, call, launch->device, result);
    }
    /* What is prepared may be launched by several threads at once, each with memory of its own. */
    memcpy(parameters, launch->parameters, (size_t)(count + 2) * sizeof *parameters);
    parameters[count] = &address;
    tritonbind_status status = tb_launch_kernel(driver, launch, config, parameters);
    result = driver->memory_free(address, config->stream);
    if (result != CUDA_SUCCESS && status == TRITONBIND_OK)
        return tb_fail_cuda(launch->function, "cuMemFreeAsync", launch->device, result);
    return status;
}

tritonbind_status tb_launch_with_extras(const tb_driver *driver, const tritonbind_prepared *launch,
                                        cu_launch_config *config)
{
    cu_launch_attribute attributes[MOST_ATTRIBUTES];
    config->attributes = attributes;
    config->attribute_count = fill_attributes(launch->image->extras, attributes);
    return launch->scratch > 0 ? launch_with_scratch(driver, launch, config)
                               : tb_launch_kernel(driver, launch, config, launch->parameters);
}
