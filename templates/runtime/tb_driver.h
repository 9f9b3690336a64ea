/* The CUDA driver, opened when it is first needed; declared here, so no CUDA header is used. */
#ifndef TB_DRIVER_H
#define TB_DRIVER_H

#include "tb_runtime.h"

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
    void *primary;        /* the primary context, once retained */
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
                        unsigned int jit_count, void *options, void **values, unsigned int count);
    int (*library_kernel)(void **kernel, void *library, const char *name);
    int (*library_unload)(void *library);
    int (*kernel_function)(void **function, void *kernel);
    int (*kernel_attribute)(int attribute, int value, void *kernel, int device);
    int (*memory_allocate)(uint64_t *address, size_t size, void *stream);
    int (*memory_free)(uint64_t address, void *stream);
    int (*error_name)(int error, const char **name);
    int (*error_text)(int error, const char **text);
} __attribute__((aligned(64))) tb_driver;

/* A launch that lacks nothing but its stream. */
struct tritonbind_prepared {
    const tb_function *function;
    const tb_image *image; /* loaded on the device; NULL where the grid is empty */
    int32_t device;
    unsigned int grid_x, grid_y, grid_z; /* of blocks */
    size_t scratch;    /* bytes of scratch memory */
    void **parameters; /* of the image, and TB_NO_SCRATCH */
};

/* The driver, ready for use; NULL after failing, as in a process that was forked after it was opened.
 * Takes a lock only until it has succeeded. */
extern tb_driver tb_the_driver;
const tb_driver *tb_open_driver_once(const tb_function *function) TB_COLD;
static inline const tb_driver *tb_open_driver(const tb_function *function)
{
    return __atomic_load_n(&tb_the_driver.is_open, __ATOMIC_ACQUIRE)
               ? &tb_the_driver
               : tb_open_driver_once(function);
}

/* What is known of *device, which TB_CURRENT_DEVICE becomes as in tb_enter_device; NULL after
 * failing. */
const tb_device *tb_device_facts(const tb_function *function, int32_t *device);

/* Which image suits a capability best: a cubin of it, one of the same major, PTX; or NULL. */
tb_image *tb_choose_image(const tb_variant *variant, int32_t capability);
void tb_fail_no_image(const tb_function *function, const tb_variant *variant, int32_t device,
                      int32_t capability);

/* The image of a variant for a device, loaded at first use; NULL after failing. */
const tb_image *tb_load_image(const tb_driver *driver, const tb_function *function,
                              tb_variant *variant, int32_t device) TB_COLD;
static inline const tb_image *tb_loaded_image(const tb_driver *driver, const tb_function *function,
                                              tb_variant *variant, int32_t device)
{
    tb_image **table = __atomic_load_n(&variant->loaded, __ATOMIC_ACQUIRE);
    const tb_image *image =
        table == NULL ? NULL : __atomic_load_n(&table[device], __ATOMIC_ACQUIRE);
    return image != NULL ? image : tb_load_image(driver, function, variant, device);
}

/* Fails with the name, number and text of a CUresult. */
tritonbind_status tb_fail_cuda(const tb_function *function, const char *call, int32_t device,
                               int result) TB_COLD;

/* The device whose primary context this is, as far as launches have come to know it; or -1. */
static inline int32_t tb_known_device(const tb_driver *driver, const void *context)
{
    for (int32_t i = 0; i < driver->count; i++)
        if (__atomic_load_n(&driver->devices[i].primary, __ATOMIC_ACQUIRE) == context)
            return i;
    return -1;
}

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

/* Launches what is prepared; a stream that is the current one needs no check. */
tritonbind_status tb_launch_again(const tritonbind_prepared *prepared, void *stream,
                                  bool is_current);

/* Retains the primary context of a device where one is in use, so that launches recognise it. */
void tb_know_primary(const tb_driver *driver, int32_t device);

/* What an image's extras ask of a device, once, when the image is loaded there. */
bool tb_prepare_extras(const tb_driver *driver, const tb_function *function,
                       const tb_image *image, int32_t device);

/* Checks what a launch's extras ask of its grid, and counts its blocks and their memory. */
tritonbind_status tb_plan_extras(tritonbind_prepared *launch);

/* Launches an image that has extras; `config` lacks its attributes. */
tritonbind_status tb_launch_with_extras(const tb_driver *driver, const tritonbind_prepared *launch,
                                        cu_launch_config *config);

/* cuLaunchKernelEx, with these parameters. */
tritonbind_status tb_call_driver(const tb_driver *driver, const tritonbind_prepared *launch,
                                 const cu_launch_config *config, void **parameters);

/* Encodes the maps of the descriptors among the values that an image takes. */
tritonbind_status tb_encode_maps(const tb_function *function, const tb_image *image,
                                 int32_t device, void *const *values);

#pragma GCC visibility pop

#endif
