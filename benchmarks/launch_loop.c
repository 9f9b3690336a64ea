/* Bursts of launches, timed from C: the driver's own call, and what a generated library offers.
 * Each gives the seconds for a launch, or something negative after an error. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

typedef int (*launch_kernel)(void *function, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                             unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared,
                             void *stream, void **parameters, void **extra);
typedef int (*launch_prepared)(const void *prepared, void *stream);

/* TVM FFI's value and SafeCall, as tvm/ffi/c_api.h has them. */
typedef struct any {
    int32_t type_index;
    uint32_t padding;
    int64_t value;
} any;
typedef int (*safe_call)(void *self, const any *arguments, int32_t count, any *result);

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Loads a cubin's kernel for raw launches in the current context; NULL on an error. */
void *load_kernel(const void *image, const char *symbol)
{
    void *cuda = dlopen("libcuda.so.1", RTLD_NOW);
    int (*load)(void **, const void *, void *, void **, unsigned, void *, void **, unsigned);
    int (*get)(void **, void *, const char *);
    int (*init)(unsigned flags);
    void *library = NULL, *kernel = NULL;
    *(void **)&init = dlsym(cuda, "cuInit");
    *(void **)&load = dlsym(cuda, "cuLibraryLoadData");
    *(void **)&get = dlsym(cuda, "cuLibraryGetKernel");
    if (init(0) != 0 || load(&library, image, NULL, NULL, 0, NULL, NULL, 0) != 0)
        return NULL;
    return get(&kernel, library, symbol) == 0 ? kernel : NULL;
}

double raw_burst(void *kernel, unsigned grid, unsigned threads, void *stream, void **parameters,
                 int count)
{
    void *cuda = dlopen("libcuda.so.1", RTLD_NOW);
    launch_kernel launch;
    *(void **)&launch = dlsym(cuda, "cuLaunchKernel");
    double start = seconds();
    for (int i = 0; i < count; i++)
        if (launch(kernel, grid, 1, 1, threads, 1, 1, 0, stream, parameters, NULL) != 0)
            return -1;
    return (seconds() - start) / count;
}

double safe_call_burst(void *function, const any *arguments, int argument_count, int count)
{
    safe_call call;
    any result;
    *(void **)&call = function;
    double start = seconds();
    for (int i = 0; i < count; i++)
        if (call(NULL, arguments, argument_count, &result) != 0)
            return -1;
    return (seconds() - start) / count;
}

double prepared_burst(void *function, const void *prepared, void *stream, int count)
{
    launch_prepared launch;
    *(void **)&launch = function;
    double start = seconds();
    for (int i = 0; i < count; i++)
        if (launch(prepared, stream) != 0)
            return -1;
    return (seconds() - start) / count;
}
