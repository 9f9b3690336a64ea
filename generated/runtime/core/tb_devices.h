/* Devices: what is known of them, their contexts and streams. */
#ifndef TB_DEVICES_H
#define TB_DEVICES_H

#include "tb_driver.h"

#pragma GCC visibility push(hidden)

/* The device whose primary context this is, as far as launches have come to know it; or -1. */
static inline int32_t tb_known_device(const tb_driver *driver, const void *context)
{
    for (int32_t i = 0; i < driver->count; i++)
        if (__atomic_load_n(&driver->devices[i].primary, __ATOMIC_ACQUIRE) == context)
            return i;
    return -1;
}

/* The ordinal of the calling thread's current device, or 0 without a context; -1 after failing. */
int32_t tb_current_device(const tb_function *function);

/* What is known of *device, which TB_CURRENT_DEVICE becomes as in tb_enter_device; NULL after
 * failing. */
const tb_device *tb_device_facts(const tb_function *function, int32_t *device);

/* Makes a context of *device current when none is; *pushed says whether to pop it afterwards.
 * TB_CURRENT_DEVICE becomes the device of the current context, or device 0 without one. */
tritonbind_status tb_enter_other_device(const tb_driver *driver, const tb_function *function,
                                        int32_t *device, void *current, bool *pushed);
static inline tritonbind_status tb_enter_device(const tb_driver *driver,
                                                const tb_function *function, int32_t *device,
                                                bool *pushed)
{
    void *current = NULL;
    const int result = driver->context_current(&current);
    const int32_t known = current == NULL ? -1 : tb_known_device(driver, current);
    if (result != CUDA_SUCCESS)
        return tb_fail_cuda(function, "cuCtxGetCurrent", *device, result);
    if (known < 0 || (*device != known && *device != TB_CURRENT_DEVICE))
        return tb_enter_other_device(driver, function, device, current, pushed);
    *device = known;
    return TRITONBIND_OK;
}

/* Undoes it, and gives the status of what was done meanwhile, or of this. */
static inline tritonbind_status tb_leave_device(const tb_driver *driver,
                                                const tb_function *function, int32_t device,
                                                bool pushed, tritonbind_status status)
{
    void *popped = NULL;
    const int result = pushed ? driver->context_pop(&popped) : CUDA_SUCCESS;
    if (result != CUDA_SUCCESS && status == TRITONBIND_OK)
        return tb_fail_cuda(function, "cuCtxPopCurrent", device, result);
    return status;
}

/* Whether a stream is of this device, whose context is current, as far as the driver can tell. The
 * default streams are of each device. */
tritonbind_status tb_check_stream_of_many(const tb_driver *driver, const tb_function *function,
                                          int32_t device, void *stream);
static inline tritonbind_status tb_check_stream(const tb_driver *driver,
                                                const tb_function *function, int32_t device,
                                                void *stream)
{
    return driver->count == 1 || (uintptr_t)stream <= CU_STREAM_PER_THREAD
               ? TRITONBIND_OK
               : tb_check_stream_of_many(driver, function, device, stream);
}

/* Retains the primary context of a device where one is in use, so that launches recognise it. */
void tb_know_primary(const tb_driver *driver, int32_t device);

#pragma GCC visibility pop

#endif
