/* Launches that need more than a grid: clusters, attributes, scratch memory. */
#include "tb_driver.h"

#include <stdio.h>

#define GRID_LIMIT 2147483647
#define PORTABLE_CLUSTER 8
#define MOST_ATTRIBUTES 4

bool tb_prepare_extras(const tb_driver *driver, const tb_function *function,
                       const tb_image *image, int32_t device)
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
        result = driver->kernel_attribute(CU_FUNCTION_NON_PORTABLE_CLUSTER, 1, image->kernel,
                                          device);
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
        attributes[count++] = (cu_launch_attribute){
            .id = CU_LAUNCH_PROGRAMMATIC_SERIALIZATION, .value = {.number = 1}};
    if (extras->cooperative)
        attributes[count++] =
            (cu_launch_attribute){.id = CU_LAUNCH_COOPERATIVE, .value = {.number = 1}};
    if (extras->num_ctas > 1) {
        attributes[count++] = (cu_launch_attribute){
            .id = CU_LAUNCH_CLUSTER_DIMENSION,
            .value = {.sizes = {(unsigned int)extras->num_ctas, 1, 1}}};
        attributes[count++] = (cu_launch_attribute){
            .id = CU_LAUNCH_CLUSTER_SCHEDULING, .value = {.number = CU_SCHEDULING_SPREAD}};
    }
    return count;
}

static tritonbind_status fail_grid(const tb_function *function, const tb_image *image,
                                   const cu_launch_config *config)
{
    int32_t num_ctas = image->extras->num_ctas;
    return tb_fail(function, TRITONBIND_VALUE_ERROR,
                   "the launch grid (%u, %u, %u) must have x between 0 and %d: "
                   "each program of this kernel is a cluster of %d blocks",
                   config->grid_x, config->grid_y, config->grid_z, GRID_LIMIT / (int)num_ctas,
                   (int)num_ctas);
}

/* The launch itself, between taking scratch memory and giving it back. Both happen in the order of
 * the stream: the kernel has the memory for itself, and a graph that is captured does the same. */
static tritonbind_status launch(const tb_driver *driver, const tb_function *function,
                                const tb_image *image, int32_t device,
                                const cu_launch_config *config, size_t size, void **parameters,
                                void **scratch)
{
    uint64_t address = 0;
    if (size > 0) {
        int result = driver->memory_allocate(&address, size, config->stream);
        if (result != CUDA_SUCCESS) {
            char call[80];
            snprintf(call, sizeof call, "cuMemAllocAsync of %llu bytes of scratch memory",
                     (unsigned long long)size);
            return tb_fail_cuda(function, call, device, result);
        }
        *scratch = &address;
    }
    tritonbind_status status = TRITONBIND_OK;
    int result = driver->launch(config, image->kernel, parameters, NULL);
    if (result != CUDA_SUCCESS)
        status = tb_fail_cuda(function, "cuLaunchKernelEx", device, result);
    if (size > 0) {
        result = driver->memory_free(address, config->stream);
        if (result != CUDA_SUCCESS && status == TRITONBIND_OK)
            status = tb_fail_cuda(function, "cuMemFreeAsync", device, result);
    }
    return status;
}

tritonbind_status tb_launch_with_extras(const tb_driver *driver, const tb_function *function,
                                        const tb_image *image, int32_t device,
                                        cu_launch_config *config, void **parameters,
                                        void **scratch)
{
    const tb_extras *extras = image->extras;
    cu_launch_attribute attributes[MOST_ATTRIBUTES];
    if (config->grid_x > (unsigned int)(GRID_LIMIT / extras->num_ctas))
        return fail_grid(function, image, config);
    uint64_t blocks = (uint64_t)config->grid_x * (uint64_t)extras->num_ctas * config->grid_y
                      * config->grid_z; /* of a grid within its limits: less than 2**63 */
    size_t size = 0;
    if (__builtin_mul_overflow(blocks, extras->scratch, &size))
        return tb_fail(function, TRITONBIND_VALUE_ERROR,
                       "the launch grid (%u, %u, %u) needs more scratch memory than 64 bits can "
                       "count: each of its %llu blocks needs %lld bytes",
                       config->grid_x, config->grid_y, config->grid_z, (unsigned long long)blocks,
                       (long long)extras->scratch);
    config->grid_x *= (unsigned int)extras->num_ctas;
    config->attributes = attributes;
    config->attribute_count = fill_attributes(extras, attributes);
    return launch(driver, function, image, device, config, size, parameters, scratch);
}
