/* Devices: what is known of them, their contexts and streams. */
#include "tb_devices.h"
#include "tb_process.h"

/* The ordinal of a context; contexts that were retained here need no call. */
static int32_t device_of(const tb_driver *driver, const tb_function *function, void *context)
{
    const int32_t known = tb_known_device(driver, context);
    int handle = 0;
    if (known >= 0)
        return known;
    int result = driver->context_device(&handle);
    if (result != CUDA_SUCCESS) {
        tb_fail_cuda(function, "cuCtxGetDevice", TB_CURRENT_DEVICE, result);
        return -1;
    }
    return handle; /* the driver's device handles are ordinals */
}

int32_t tb_current_device(const tb_function *function)
{
    const tb_driver *driver = tb_open_driver(function);
    void *context = NULL;
    if (driver == NULL)
        return tb_is_forked() ? 0 : -1; /* so that a wrong argument is what is said */
    int result = driver->context_current(&context);
    if (result != CUDA_SUCCESS) {
        tb_fail_cuda(function, "cuCtxGetCurrent", TB_CURRENT_DEVICE, result);
        return -1;
    }
    return context == NULL ? 0 : device_of(driver, function, context);
}

static tritonbind_status check_device(const tb_driver *driver, const tb_function *function,
                                      int32_t device)
{
    if (driver->count == 0)
        return tb_fail(function, TRITONBIND_RUNTIME_ERROR,
                       "cannot launch: this machine has no CUDA device");
    if (device >= driver->count)
        return tb_fail(function, TRITONBIND_VALUE_ERROR,
                       "cannot launch on cuda:%d: the CUDA driver shows %d device%s here",
                       (int)device, (int)driver->count, driver->count == 1 ? "" : "s");
    return TRITONBIND_OK;
}

const tb_device *tb_device_facts(const tb_function *function, int32_t *device)
{
    const tb_driver *driver = tb_open_driver(function);
    if (driver == NULL && tb_is_forked() && tb_the_driver.devices != NULL)
        driver = &tb_the_driver; /* what is known of them is no question to the driver */
    if (driver == NULL)
        return NULL;
    if (*device == TB_CURRENT_DEVICE && driver->count > 0)
        *device = tb_current_device(function);
    if (*device < 0 && driver->count > 0)
        return NULL;
    if (check_device(driver, function, *device) != TRITONBIND_OK)
        return NULL;
    return &driver->devices[*device];
}

static void *primary_context(const tb_driver *driver, const tb_function *function, int32_t ordinal)
{
    tb_device *device = &driver->devices[ordinal];
    void *context = __atomic_load_n(&device->primary, __ATOMIC_ACQUIRE);
    if (context != NULL)
        return context;
    tb_claim claim;
    tb_begin_work(&claim, &device->primary, ordinal);
    context = device->primary;
    if (context == NULL) {
        int result = driver->primary_retain(&context, ordinal);
        if (result == CUDA_SUCCESS) {
            __atomic_store_n(&device->primary, context, __ATOMIC_RELEASE);
        } else {
            tb_fail_cuda(function, "cuDevicePrimaryCtxRetain", ordinal, result);
            context = NULL;
        }
    }
    tb_end_work(&claim);
    return context;
}

void tb_know_primary(const tb_driver *driver, int32_t ordinal)
{
    tb_device *device = &driver->devices[ordinal];
    void *context = NULL;
    unsigned int flags = 0;
    int is_active = 0;
    tb_claim claim;
    tb_begin_work(&claim, &device->primary, ordinal);
    if (device->primary == NULL
        && driver->primary_state(ordinal, &flags, &is_active) == CUDA_SUCCESS && is_active
        && driver->primary_retain(&context, ordinal) == CUDA_SUCCESS)
        __atomic_store_n(&device->primary, context, __ATOMIC_RELEASE);
    tb_end_work(&claim);
}

/* -1: the driver cannot tell. By the stream's context: cuStreamGetDevice would end a capture. */
static int32_t device_of_stream(const tb_driver *driver, void *stream)
{
    void *context = NULL;
    int device = -1;
    if (driver->stream_context(stream, &context) != CUDA_SUCCESS || context == NULL)
        return -1;
    const int32_t known = tb_known_device(driver, context);
    if (known >= 0 || driver->context_push(context) != CUDA_SUCCESS)
        return known;
    if (driver->context_device(&device) != CUDA_SUCCESS)
        device = -1;
    (void)driver->context_pop(&context);
    return device;
}

tritonbind_status tb_check_stream_of_many(const tb_driver *driver, const tb_function *function,
                                          int32_t device, void *stream)
{
    const int32_t found = device_of_stream(driver, stream);
    if (found < 0 || found == device)
        return TRITONBIND_OK;
    return tb_fail_argument(function, function->argument_count, TRITONBIND_VALUE_ERROR,
                            "must be a stream of cuda:%d, where this launch goes, "
                            "got a stream of cuda:%d",
                            (int)device, (int)found);
}

tritonbind_status tb_enter_other_device(const tb_driver *driver, const tb_function *function,
                                        int32_t *device, void *current, bool *pushed)
{
    tritonbind_status status = check_device(driver, function, *device);
    if (status != TRITONBIND_OK)
        return status;
    if (current != NULL) {
        int32_t current_device = device_of(driver, function, current);
        if (current_device < 0)
            return TRITONBIND_RUNTIME_ERROR;
        if (*device == TB_CURRENT_DEVICE)
            *device = current_device;
        if (*device == current_device)
            return TRITONBIND_OK;
    }
    if (*device == TB_CURRENT_DEVICE)
        *device = 0;
    void *primary = primary_context(driver, function, *device);
    if (primary == NULL)
        return TRITONBIND_RUNTIME_ERROR;
    int result = driver->context_push(primary);
    if (result != CUDA_SUCCESS)
        return tb_fail_cuda(function, "cuCtxPushCurrent", *device, result);
    *pushed = true;
    return TRITONBIND_OK;
}
