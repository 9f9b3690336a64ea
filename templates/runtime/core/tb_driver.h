/* The CUDA driver, opened when it is first needed; declared here, so no CUDA header is used. */
#ifndef TB_DRIVER_H
#define TB_DRIVER_H

#include "tb_error.h"

#include <stddef.h>

#pragma GCC visibility push(hidden)

enum {
    CUDA_SUCCESS = 0,
    CUDA_ERROR_NOT_INITIALIZED = 3,
    CU_ATTRIBUTE_SM_COUNT = 16,
    CU_ATTRIBUTE_CAPABILITY_MAJOR = 75,
    CU_ATTRIBUTE_CAPABILITY_MINOR = 76,
    CU_ATTRIBUTE_SHARED_MEMORY_OPTIN = 97,
    CU_ATTRIBUTE_MEMORY_POOLS = 115,
    CU_FUNCTION_MAX_DYNAMIC_SHARED = 8,
    CU_FUNCTION_NON_PORTABLE_CLUSTER = 14,
    CU_LAUNCH_COOPERATIVE = 2,
    CU_LAUNCH_CLUSTER_DIMENSION = 4,
    CU_LAUNCH_CLUSTER_SCHEDULING = 5,
    CU_LAUNCH_PROGRAMMATIC_SERIALIZATION = 6,
    CU_SCHEDULING_SPREAD = 1,
    CU_STREAM_CAPTURE_RELAXED = 2,
    CU_STREAM_PER_THREAD = 2 /* behind 0 and 1, the legacy default stream */
};

typedef struct cu_launch_attribute {
    unsigned int id;
    union {
        uint64_t room[8];
        unsigned int sizes[3];
        int number;
    } value;
} cu_launch_attribute;

typedef struct cu_launch_config {
    unsigned int grid_x, grid_y, grid_z;
    unsigned int block_x, block_y, block_z;
    unsigned int shared_bytes;
    void *stream;
    cu_launch_attribute *attributes;
    unsigned int attribute_count;
} cu_launch_config;

typedef struct tb_device {
    int32_t capability;
    int32_t shared_optin; /* bytes of shared memory that a block may ask for */
    int32_t sm_count;
    void *primary; /* the primary context, once retained */
} tb_device;

/* As in tb_image, what a launch reads comes first. */
typedef struct tb_driver {
    int is_open; /* published with release order when complete */
    int32_t count;
    tb_device *devices;
    int (*context_current)(void **context);
    int (*launch)(const cu_launch_config *config, void *function, void **parameters, void **extra);
    int (*init)(unsigned int flags);
    int (*device_count)(int *count);
    int (*device_get)(int *device, int ordinal);
    int (*device_attribute)(int *value, int attribute, int device);
    int (*primary_retain)(void **context, int device);
    int (*primary_state)(int device, unsigned int *flags, int *is_active);
    int (*context_device)(int *device);
    int (*stream_context)(void *stream, void **context);
    int (*context_push)(void *context);
    int (*context_pop)(void **context);
    int (*capture_mode)(int *mode);
    int (*library_load)(void **library, const void *code, void *jit_options, void **jit_values,
                        unsigned int jit_count, void *options, void **option_values,
                        unsigned int count);
    int (*library_kernel)(void **kernel, void *library, const char *name);
    int (*library_unload)(void *library);
    int (*kernel_function)(void **function, void *kernel);
    int (*kernel_attribute)(int attribute, int value, void *kernel, int device);
    int (*memory_allocate)(uint64_t *address, size_t size, void *stream);
    int (*memory_free)(uint64_t address, void *stream);
    int (*error_name)(int error, const char **name);
    int (*error_text)(int error, const char **text);
} __attribute__((aligned(64))) tb_driver;

/* The driver, ready for use; NULL after failing, as in a process that was forked after it was
 * opened. Takes a lock only until it has succeeded. */
extern tb_driver tb_the_driver;
const tb_driver *tb_open_driver_once(const tb_function *function) TB_COLD;
static inline const tb_driver *tb_open_driver(const tb_function *function)
{
    return __atomic_load_n(&tb_the_driver.is_open, __ATOMIC_ACQUIRE)
               ? &tb_the_driver
               : tb_open_driver_once(function);
}

/* Whether CUDA was started before a fork that made this process, which cannot use it. */
bool tb_is_forked(void);

/* Fails where the driver lacks a function. */
tritonbind_status tb_fail_no_symbol(const tb_function *function, const char *name) TB_COLD;

/* Fails with the name, number and text of a CUresult. */
tritonbind_status tb_fail_cuda(const tb_function *function, const char *call, int32_t device,
                               int result) TB_COLD;

#pragma GCC visibility pop

#endif
