/* The lock, the configuration, failures and counts, and the control functions on top of them. */
#define _POSIX_C_SOURCE 200809L

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "standin.h"

struct failure {
    CUresult result;
    int skip;
    int remaining; /* negative: for ever */
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int initialised;
static int version;
static int newest_ptx;
static int capturing;
static long counts[DRIVER_CALL_COUNT];
static struct failure failures[DRIVER_CALL_COUNT];

#define DRIVER_CALL_NAME(name) #name,
static const char *const call_names[] = {DRIVER_CALLS(DRIVER_CALL_NAME)};
#undef DRIVER_CALL_NAME

/* CUDA release -> the PTX version it brought. */
static const int ptx_of_driver[][2] = {
    {13010, 91}, {13000, 90}, {12090, 88}, {12080, 87}, {12070, 86}, {12050, 85}, {12040, 84},
    {12030, 83}, {12020, 82}, {12010, 81}, {12000, 80}, {11080, 78}, {0, 70},
};

static int newest_ptx_of(int driver)
{
    size_t row = 0;
    while (ptx_of_driver[row][0] > driver)
        row++;
    return ptx_of_driver[row][1];
}

static void set_driver(int driver, int ptx)
{
    version = driver;
    newest_ptx = ptx > 0 ? ptx : newest_ptx_of(driver);
}

static int environment_number(const char *name, int otherwise)
{
    const char *text = getenv(name);
    return text == NULL ? otherwise : atoi(text);
}

static void configure_from_environment(void)
{
    const char *devices = getenv("TRITONBIND_STANDIN_DEVICES");
    const char *log = getenv("TRITONBIND_STANDIN_LOG");
    const char *file = getenv("TRITONBIND_STANDIN_TIMES");
    if (log != NULL && log[0] != '\0')
        records_open_log(log);
    if (file != NULL && times_read(file) != 0) {
        fprintf(stderr, "stand-in libcuda: TRITONBIND_STANDIN_TIMES names no times, but `%s`\n",
                file);
        abort();
    }
    if (devices_parse(devices == NULL ? "90,90" : devices) != 0) {
        fprintf(stderr,
                "stand-in libcuda: TRITONBIND_STANDIN_DEVICES must be like 90,80:166912, "
                "not `%s`\n",
                devices);
        abort();
    }
    set_driver(environment_number("TRITONBIND_STANDIN_DRIVER", 13000),
               environment_number("TRITONBIND_STANDIN_PTX", 0));
}

static int find_call(const char *name)
{
    int call = 0;
    while (call < DRIVER_CALL_COUNT && strcmp(call_names[call], name) != 0)
        call++;
    return call < DRIVER_CALL_COUNT ? call : -1;
}

static int needs_initialisation(enum driver_call call)
{
    return call != CALL_cuInit && call != CALL_cuDriverGetVersion && call != CALL_cuGetErrorName
           && call != CALL_cuGetErrorString;
}

/* Calls that may allocate or synchronise; the calls on a kernel load it on a device. */
static int unsafe_while_capturing(enum driver_call call)
{
    return call == CALL_cuLibraryLoadData || call == CALL_cuLibraryUnload
           || call == CALL_cuKernelSetAttribute || call == CALL_cuKernelGetFunction
           || call == CALL_cuModuleLoadData || call == CALL_cuModuleUnload
           || call == CALL_cuCtxCreate_v2;
}

void driver_lock(void)
{
    static int environment_read;
    pthread_mutex_lock(&mutex);
    if (!environment_read) {
        environment_read = 1;
        configure_from_environment();
    }
}

void driver_unlock(void)
{
    pthread_mutex_unlock(&mutex);
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t opened = PTHREAD_COND_INITIALIZER;
static int to_hold, held, openings;

void standin_hold(int count)
{
    pthread_mutex_lock(&gate);
    to_hold = count;
    if (count == 0) {
        openings++;
        pthread_cond_broadcast(&opened);
    }
    pthread_mutex_unlock(&gate);
}

int standin_held(void)
{
    int count;
    pthread_mutex_lock(&gate);
    count = held;
    pthread_mutex_unlock(&gate);
    return count;
}

static void wait_at_gate(void)
{
    pthread_mutex_lock(&gate);
    if (to_hold > 0) {
        int before = openings;
        to_hold--;
        held++;
        while (openings == before)
            pthread_cond_wait(&opened, &gate);
        held--;
    }
    pthread_mutex_unlock(&gate);
}

CUresult driver_enter(enum driver_call call)
{
    struct failure *failure = &failures[call];
    if (call == CALL_cuLibraryLoadData)
        wait_at_gate();
    driver_lock();
    counts[call]++;
    if (failure->remaining != 0 && failure->skip > 0) {
        failure->skip--;
    } else if (failure->remaining != 0) {
        failure->remaining -= failure->remaining > 0;
        return failure->result;
    }
    if (time_spoilt() != CUDA_SUCCESS && needs_initialisation(call))
        return time_spoilt();
    if (!initialised && needs_initialisation(call))
        return CUDA_ERROR_NOT_INITIALIZED;
    if (capturing && unsafe_while_capturing(call)
        && context_capture_mode() != CU_STREAM_CAPTURE_MODE_RELAXED)
        return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    return CUDA_SUCCESS;
}

CUresult driver_initialise(unsigned int flags)
{
    if (flags != 0)
        return CUDA_ERROR_INVALID_VALUE;
    if (device_count() == 0)
        return CUDA_ERROR_NO_DEVICE;
    initialised = 1;
    return CUDA_SUCCESS;
}

int driver_version(void)
{
    return version;
}

int driver_ptx_version(void)
{
    return newest_ptx;
}

CUresult driver_capture_status(int *status)
{
    if (status == NULL)
        return CUDA_ERROR_INVALID_VALUE;
    *status = capturing ? CU_STREAM_CAPTURE_STATUS_ACTIVE : CU_STREAM_CAPTURE_STATUS_NONE;
    return CUDA_SUCCESS;
}

static int driver_agrees(int driver, int ptx)
{
    if (driver > 0 && driver != version)
        return 0;
    return newest_ptx == (ptx > 0 ? ptx : driver > 0 ? newest_ptx_of(driver) : newest_ptx);
}

int standin_configure(const int *capabilities, const int *shared_bytes, int count, int driver,
                      int ptx)
{
    int result = 0;
    driver_lock();
    if (initialised) {
        if (!driver_agrees(driver, ptx)
            || (capabilities != NULL && !devices_agree(capabilities, shared_bytes, count)))
            result = -1;
    } else if (capabilities != NULL && devices_set(capabilities, shared_bytes, count) != 0) {
        result = -1;
    } else if (driver > 0 || ptx > 0) {
        set_driver(driver > 0 ? driver : version, ptx);
    }
    driver_unlock();
    return result;
}

void standin_reset(void)
{
    driver_lock();
    memset(counts, 0, sizeof counts);
    memset(failures, 0, sizeof failures);
    capturing = 0;
    contexts_forget();
    records_forget();
    records_switch(1);
    memory_forget();
    memory_switch_pools(1);
    times_forget();
    driver_unlock();
}

void standin_advance(double nanoseconds)
{
    driver_lock();
    time_advance(nanoseconds);
    driver_unlock();
}

int standin_fail(const char *name, int result, int skip, int count)
{
    int call = find_call(name);
    if (call < 0)
        return -1;
    driver_lock();
    failures[call].result = (CUresult)result;
    failures[call].skip = skip;
    failures[call].remaining = count;
    driver_unlock();
    return 0;
}

long standin_calls(const char *name)
{
    int call = find_call(name);
    long count;
    if (call < 0)
        return -1;
    driver_lock();
    count = counts[call];
    driver_unlock();
    return count;
}

const char *standin_call_name(size_t index)
{
    return index < DRIVER_CALL_COUNT ? call_names[index] : NULL;
}

void standin_record(int on)
{
    driver_lock();
    records_switch(on);
    driver_unlock();
}

void standin_capture(int on)
{
    driver_lock();
    capturing = on;
    driver_unlock();
}

void standin_pools(int on)
{
    driver_lock();
    memory_switch_pools(on);
    driver_unlock();
}

CUcontext standin_primary_context(int device)
{
    CUcontext context;
    driver_lock();
    context = device_exists(device) ? context_primary(device) : NULL;
    driver_unlock();
    return context;
}

CUcontext standin_create_context(int device)
{
    CUcontext context;
    driver_lock();
    context = device_exists(device) ? context_create(device) : NULL;
    driver_unlock();
    return context;
}

CUcontext standin_current_context(void)
{
    CUcontext context;
    driver_lock();
    context = context_current();
    driver_unlock();
    return context;
}

int standin_push_context(CUcontext context)
{
    CUresult result;
    driver_lock();
    result = context_push(context);
    driver_unlock();
    return result == CUDA_SUCCESS ? 0 : -1;
}

CUcontext standin_pop_context(void)
{
    CUcontext context = NULL;
    driver_lock();
    context_pop(&context);
    driver_unlock();
    return context;
}

void standin_clear_contexts(void)
{
    while (standin_pop_context() != NULL)
        ;
}

int standin_bind_stream(CUstream stream, CUcontext context)
{
    int result;
    driver_lock();
    result = context_bind_stream(stream, context);
    driver_unlock();
    return result;
}

size_t standin_launch_count(void)
{
    size_t count;
    driver_lock();
    count = records_count();
    driver_unlock();
    return count;
}

size_t standin_launch_json(size_t index, char *buffer, size_t capacity)
{
    size_t length;
    driver_lock();
    length = records_write(index, buffer, capacity);
    driver_unlock();
    return length;
}

size_t standin_allocation_count(void)
{
    size_t count;
    driver_lock();
    count = memory_count();
    driver_unlock();
    return count;
}

size_t standin_allocation_json(size_t index, char *buffer, size_t capacity)
{
    size_t length;
    driver_lock();
    length = memory_write(index, buffer, capacity);
    driver_unlock();
    return length;
}
