/* Opening the CUDA driver, and the table of devices. */
#include "tb_driver.h"
#include "tb_process.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

tb_driver tb_the_driver;

typedef struct entry_point {
    const char *name;
    size_t offset;
} entry_point;

#define ENTRY(member, name) {name, offsetof(tb_driver, member)}

static const entry_point entry_points[] = {
    ENTRY(init, "cuInit"),
    ENTRY(device_count, "cuDeviceGetCount"),
    ENTRY(device_get, "cuDeviceGet"),
    ENTRY(device_attribute, "cuDeviceGetAttribute"),
    ENTRY(primary_retain, "cuDevicePrimaryCtxRetain"),
    ENTRY(primary_state, "cuDevicePrimaryCtxGetState"),
    ENTRY(context_current, "cuCtxGetCurrent"),
    ENTRY(context_device, "cuCtxGetDevice"),
    ENTRY(stream_context, "cuStreamGetCtx"),
    ENTRY(context_push, "cuCtxPushCurrent_v2"),
    ENTRY(context_pop, "cuCtxPopCurrent_v2"),
    ENTRY(capture_mode, "cuThreadExchangeStreamCaptureMode"),
    ENTRY(library_load, "cuLibraryLoadData"),
    ENTRY(library_kernel, "cuLibraryGetKernel"),
    ENTRY(library_unload, "cuLibraryUnload"),
    ENTRY(kernel_function, "cuKernelGetFunction"),
    ENTRY(kernel_attribute, "cuKernelSetAttribute"),
    ENTRY(memory_allocate, "cuMemAllocAsync"),
    ENTRY(memory_free, "cuMemFreeAsync"),
    ENTRY(launch, "cuLaunchKernelEx"),
    ENTRY(error_name, "cuGetErrorName"),
    ENTRY(error_text, "cuGetErrorString"),
};

static bool find_entry_points(const tb_function *function, void *library)
{
    for (size_t i = 0; i < sizeof entry_points / sizeof *entry_points; i++) {
        void *symbol = dlsym(library, entry_points[i].name);
        if (symbol == NULL) {
            tb_fail(function, TRITONBIND_RUNTIME_ERROR,
                    "cannot launch: libcuda.so.1 has no %s; "
                    "it needs a driver for CUDA 12.1 or later",
                    entry_points[i].name);
            return false;
        }
        memcpy((char *)&tb_the_driver + entry_points[i].offset, &symbol, sizeof symbol);
    }
    return true;
}

static bool describe_device(const tb_function *function, int32_t ordinal, tb_device *device)
{
    static const int attributes[] = {CU_ATTRIBUTE_CAPABILITY_MAJOR, CU_ATTRIBUTE_CAPABILITY_MINOR,
                                     CU_ATTRIBUTE_SHARED_MEMORY_OPTIN, CU_ATTRIBUTE_SM_COUNT};
    int handle = 0, values[] = {0, 0, 0, 0};
    const char *call = "cuDeviceGet";
    int result = tb_the_driver.device_get(&handle, ordinal);
    for (int i = 0; i < 4 && result == CUDA_SUCCESS; i++) {
        call = "cuDeviceGetAttribute";
        result = tb_the_driver.device_attribute(&values[i], attributes[i], handle);
    }
    if (result != CUDA_SUCCESS) {
        tb_fail_cuda(function, call, ordinal, result);
        return false;
    }
    device->capability = 10 * values[0] + values[1];
    device->shared_optin = values[2];
    device->sm_count = values[3];
    return true;
}

static bool open_driver(const tb_function *function)
{
    void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        const char *reason = dlerror();
        tb_fail(function, TRITONBIND_RUNTIME_ERROR,
                "cannot launch: the CUDA driver library could not be opened: %s",
                reason == NULL ? "libcuda.so.1" : reason);
        return false;
    }
    if (!find_entry_points(function, library))
        return false;
    int count = 0;
    int result = tb_the_driver.init(0);
    if (result != CUDA_SUCCESS) {
        tb_fail_cuda(function, "cuInit", TB_CURRENT_DEVICE, result);
        return false;
    }
    result = tb_the_driver.device_count(&count);
    if (result != CUDA_SUCCESS) {
        tb_fail_cuda(function, "cuDeviceGetCount", TB_CURRENT_DEVICE, result);
        return false;
    }
    tb_device *devices = calloc((size_t)count + 1, sizeof *devices);
    if (devices == NULL) {
        tb_fail(function, TRITONBIND_RUNTIME_ERROR, "cannot launch: out of host memory");
        return false;
    }
    for (int32_t i = 0; i < count; i++) {
        if (!describe_device(function, i, &devices[i])) {
            free(devices);
            return false;
        }
    }
    tb_the_driver.devices = devices;
    tb_the_driver.count = count;
    return true;
}

#define SPAWN "start it with spawn instead, or make the first call behind the fork"

const tb_driver *tb_open_driver_once(const tb_function *function)
{
    tb_claim claim;
    if (tb_is_forked()) {
        tb_fail(function, TRITONBIND_RUNTIME_ERROR,
                "cannot launch: this process is a fork of one that had started CUDA, and cannot use "
                "it; " SPAWN);
        return NULL;
    }
    tb_begin_work(&claim, &tb_the_driver, TB_ALL_DEVICES);
    bool is_open = tb_the_driver.is_open;
    if (!is_open) {
        tb_cuda_starts();
        is_open = open_driver(function);
        __atomic_store_n(&tb_the_driver.is_open, is_open, __ATOMIC_RELEASE);
        tb_cuda_started(is_open);
    }
    tb_end_work(&claim);
    return is_open ? &tb_the_driver : NULL;
}

tritonbind_status tb_fail_cuda(const tb_function *function, const char *call, int32_t device,
                               int result)
{
    const char *name = NULL, *text = NULL;
    char place[32] = "";
    if (tb_the_driver.error_name != NULL)
        (void)tb_the_driver.error_name(result, &name);
    if (tb_the_driver.error_text != NULL)
        (void)tb_the_driver.error_text(result, &text);
    if (device >= 0)
        snprintf(place, sizeof place, " on cuda:%d", (int)device);
    return tb_fail(function, TRITONBIND_RUNTIME_ERROR, "%s failed%s: %s (%d): %s%s", call, place,
                   name == NULL ? "unknown error" : name, result,
                   text == NULL ? "the driver has no text for it" : text,
                   result == CUDA_ERROR_NOT_INITIALIZED
                       ? "; so it is in a fork of a process that had started CUDA: " SPAWN
                       : "");
}

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
