/* Launches that need more than a grid: clusters, attributes, scratch memory. */
#ifndef TB_EXTRAS_H
#define TB_EXTRAS_H

#include "tb_driver.h"
#include "tb_prepared.h"

#pragma GCC visibility push(hidden)

/* What an image's extras ask of a device, once, when the image is loaded there. */
bool tb_prepare_extras(const tb_driver *driver, const tb_function *function, const tb_image *image,
                       int32_t device);

/* Checks what a launch's extras ask of its grid, and counts its blocks and their memory. */
tritonbind_status tb_plan_extras(tritonbind_prepared *launch);

/* The call to the driver. */
static inline tritonbind_status tb_launch_kernel(const tb_driver *driver,
                                                 const tritonbind_prepared *launch,
                                                 const cu_launch_config *config, void **parameters)
{
    const int result = driver->launch(config, launch->image->kernel, parameters, NULL);
    if (result != CUDA_SUCCESS)
        return tb_fail_cuda(launch->function, "cuLaunchKernelEx", launch->device, result);
    return TRITONBIND_OK;
}

/* Launches an image that has extras; `config` lacks its attributes. */
tritonbind_status tb_launch_with_extras(const tb_driver *driver, const tritonbind_prepared *launch,
                                        cu_launch_config *config);

#pragma GCC visibility pop

#endif
