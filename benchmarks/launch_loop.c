/* Loops of launches, timed from C: the driver's own call, and a generated function's C layers. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

typedef int (*launch_kernel)(void *function, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                             unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared,
                             void *stream, void **parameters, void **extra);
typedef int (*solve_launch)(void *stream, void *a_tril, void *a_inv, int32_t seq_len,
                            int32_t heads);

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
    void *library = NULL, *kernel = NULL;
    *(void **)&load = dlsym(cuda, "cuLibraryLoadData");
    *(void **)&get = dlsym(cuda, "cuLibraryGetKernel");
    if (load(&library, image, NULL, NULL, 0, NULL, NULL, 0) != 0)
        return NULL;
    return get(&kernel, library, symbol) == 0 ? kernel : NULL;
}

/* Seconds per launch of cuLaunchKernel over `count` launches; negative on an error. */
double raw_loop(void *kernel, unsigned grid_x, unsigned grid_y, unsigned threads, unsigned shared,
                void *stream, void *a_tril, void *a_inv, int32_t seq_len, int32_t heads, int count)
{
    void *cuda = dlopen("libcuda.so.1", RTLD_NOW);
    launch_kernel launch;
    uint64_t scratch = 0;
    void *parameters[] = {&a_tril, &a_inv, &seq_len, &heads, &scratch, &scratch};
    *(void **)&launch = dlsym(cuda, "cuLaunchKernel");
    double start = seconds();
    for (int i = 0; i < count; i++)
        if (launch(kernel, grid_x, grid_y, 1, threads, 1, 1, shared, stream, parameters, NULL) != 0)
            return -1;
    return (seconds() - start) / count;
}

/* The same through the generated `gated_delta_rule_chunk_solve_launch`. */
double plain_c_loop(void *function, void *stream, void *a_tril, void *a_inv, int32_t seq_len,
                    int32_t heads, int count)
{
    solve_launch launch;
    *(void **)&launch = function;
    double start = seconds();
    for (int i = 0; i < count; i++)
        if (launch(stream, a_tril, a_inv, seq_len, heads) != 0)
            return -1;
    return (seconds() - start) / count;
}

/* The same through the SafeCall that TVM FFI calls, with addresses and an explicit stream. */
double safe_call_loop(void *function, void *stream, void *a_tril, void *a_inv, int32_t seq_len,
                      int32_t heads, int count)
{
    const any arguments[] = {{1, 0, (int64_t)a_tril},
                             {1, 0, (int64_t)a_inv},
                             {1, 0, seq_len},
                             {1, 0, heads},
                             {1, 0, (int64_t)stream}};
    safe_call call;
    any result;
    *(void **)&call = function;
    double start = seconds();
    for (int i = 0; i < count; i++)
        if (call(NULL, arguments, 5, &result) != 0)
            return -1;
    return (seconds() - start) / count;
}
