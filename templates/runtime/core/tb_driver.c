/* Opening the CUDA driver, and the table of devices. */
#define _GNU_SOURCE
#include "tb_driver.h"
#include "tb_process.h"
#include "tb_symbols.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

tb_driver tb_the_driver;
static bool is_started, is_forked;

#define SYMBOL(member, name) TB_SYMBOL(tb_driver, member, name)

static const tb_symbol symbols[] = {
    SYMBOL(init, "cuInit"),
    SYMBOL(device_count, "cuDeviceGetCount"),
    SYMBOL(device_get, "cuDeviceGet"),
    SYMBOL(device_attribute, "cuDeviceGetAttribute"),
    SYMBOL(primary_retain, "cuDevicePrimaryCtxRetain"),
    SYMBOL(primary_state, "cuDevicePrimaryCtxGetState"),
    SYMBOL(context_current, "cuCtxGetCurrent"),
    SYMBOL(context_device, "cuCtxGetDevice"),
    SYMBOL(stream_context, "cuStreamGetCtx"),
    SYMBOL(context_push, "cuCtxPushCurrent_v2"),
    SYMBOL(context_pop, "cuCtxPopCurrent_v2"),
    SYMBOL(capture_mode, "cuThreadExchangeStreamCaptureMode"),
    SYMBOL(library_load, "cuLibraryLoadData"),
    SYMBOL(library_kernel, "cuLibraryGetKernel"),
    SYMBOL(library_unload, "cuLibraryUnload"),
    SYMBOL(kernel_function, "cuKernelGetFunction"),
    SYMBOL(kernel_attribute, "cuKernelSetAttribute"),
    SYMBOL(memory_allocate, "cuMemAllocAsync"),
    SYMBOL(memory_free, "cuMemFreeAsync"),
    SYMBOL(launch, "cuLaunchKernelEx"),
    SYMBOL(error_name, "cuGetErrorName"),
    SYMBOL(error_text, "cuGetErrorString"),
};

tritonbind_status tb_fail_no_symbol(const tb_function *function, const char *name)
{
    return tb_fail(function, TRITONBIND_RUNTIME_ERROR,
                   "cannot launch: libcuda.so.1 has no %s; "
                   "it needs a driver for CUDA 12.1 or later",
                   name);
}

static bool describe_device(const tb_function *function, int32_t ordinal, tb_device *device)
{
    static const int attributes[] = {CU_ATTRIBUTE_CAPABILITY_MAJOR, CU_ATTRIBUTE_CAPABILITY_MINOR,
                                     CU_ATTRIBUTE_SHARED_MEMORY_OPTIN, CU_ATTRIBUTE_SM_COUNT};
    int handle = 0, facts[] = {0, 0, 0, 0};
    const char *call = "cuDeviceGet";
    int result = tb_the_driver.device_get(&handle, ordinal);
    for (int i = 0; i < 4 && result == CUDA_SUCCESS; i++) {
        call = "cuDeviceGetAttribute";
        result = tb_the_driver.device_attribute(&facts[i], attributes[i], handle);
    }
    if (result != CUDA_SUCCESS) {
        tb_fail_cuda(function, call, ordinal, result);
        return false;
    }
    device->capability = 10 * facts[0] + facts[1];
    device->shared_optin = facts[2];
    device->sm_count = facts[3];
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
    const char *missing =
        tb_find_symbols(library, symbols, sizeof symbols / sizeof *symbols, &tb_the_driver);
    if (missing != NULL) {
        tb_fail_no_symbol(function, missing);
        return false;
    }
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
    if (is_forked) {
        tb_fail(
            function, TRITONBIND_RUNTIME_ERROR,
            "cannot launch: this process is a fork of one that had started CUDA, and cannot use "
            "it; " SPAWN);
        return NULL;
    }
    tb_begin_work(&claim, &tb_the_driver, TB_ALL_DEVICES);
    bool is_open = tb_the_driver.is_open;
    if (!is_open) {
        __atomic_store_n(&is_started, true, __ATOMIC_RELEASE);
        is_open = open_driver(function);
        __atomic_store_n(&tb_the_driver.is_open, is_open, __ATOMIC_RELEASE);
        __atomic_store_n(&is_started, is_open, __ATOMIC_RELEASE);
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

/* ---- forks ---- */

static void after_fork(void)
{
    is_forked = is_forked || is_started;
    if (is_forked) /* a launch looks at this alone */
        __atomic_store_n(&tb_the_driver.is_open, 0, __ATOMIC_RELEASE);
}

/* The C library forgets it when it unloads this one. */
__attribute__((constructor)) static void watch_forks(void)
{
    (void)pthread_atfork(NULL, NULL, after_fork);
}

bool tb_is_forked(void)
{
    return is_forked;
}
