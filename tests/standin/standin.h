/* What the parts of the stand-in share; every function here is called with the lock held.
 *
 * libcuda.c exports the driver calls and control.c what tests ask for; contexts.c, devices.c,
 * image.c (cubin.c, ptx.c), modules.c, tensor_map.c, memory.c, timing.c and launch.c do the work.
 */
#ifndef STANDIN_STANDIN_H
#define STANDIN_STANDIN_H

#include <stddef.h>
#include <stdint.h>

#include "control.h"
#include "cuda_abi.h"

#define DRIVER_CALLS(ROW)                                                                          \
    ROW(cuInit)                                                                                    \
    ROW(cuDriverGetVersion)                                                                        \
    ROW(cuDeviceGetCount)                                                                          \
    ROW(cuDeviceGet)                                                                               \
    ROW(cuDeviceGetAttribute)                                                                      \
    ROW(cuDevicePrimaryCtxRetain)                                                                  \
    ROW(cuDevicePrimaryCtxGetState)                                                                \
    ROW(cuCtxGetCurrent)                                                                           \
    ROW(cuCtxSetCurrent)                                                                           \
    ROW(cuCtxGetDevice)                                                                            \
    ROW(cuCtxPushCurrent_v2)                                                                       \
    ROW(cuCtxPopCurrent_v2)                                                                        \
    ROW(cuCtxCreate_v2)                                                                            \
    ROW(cuThreadExchangeStreamCaptureMode)                                                         \
    ROW(cuLibraryLoadData)                                                                         \
    ROW(cuLibraryUnload)                                                                           \
    ROW(cuLibraryGetKernel)                                                                        \
    ROW(cuKernelSetAttribute)                                                                      \
    ROW(cuKernelGetFunction)                                                                       \
    ROW(cuMemAllocAsync)                                                                           \
    ROW(cuMemFreeAsync)                                                                            \
    ROW(cuLaunchKernelEx)                                                                          \
    ROW(cuLaunchKernel)                                                                            \
    ROW(cuGetErrorName)                                                                            \
    ROW(cuGetErrorString)                                                                          \
    ROW(cuStreamGetCtx)                                                                            \
    ROW(cuTensorMapEncodeTiled)                                                                    \
    ROW(cuModuleLoadData)                                                                          \
    ROW(cuModuleUnload)                                                                            \
    ROW(cuModuleGetFunction)                                                                       \
    ROW(cuFuncGetAttribute)                                                                        \
    ROW(cuFuncSetAttribute)                                                                        \
    ROW(cuFuncSetCacheConfig)                                                                      \
    ROW(cuPointerGetAttribute)                                                                     \
    ROW(cuStreamIsCapturing)                                                                       \
    ROW(cuCtxGetLimit)                                                                             \
    ROW(cuCtxSetLimit)                                                                             \
    ROW(cuCtxSynchronize)                                                                          \
    ROW(cuDeviceGetName)                                                                           \
    ROW(cuMemAlloc_v2)                                                                             \
    ROW(cuMemFree_v2)                                                                              \
    ROW(cuMemGetInfo_v2)                                                                           \
    ROW(cuMemcpyHtoD_v2)                                                                           \
    ROW(cuMemcpyDtoH_v2)                                                                           \
    ROW(cuMemcpyDtoD_v2)                                                                           \
    ROW(cuMemsetD8_v2)                                                                             \
    ROW(cuMemsetD32Async)                                                                          \
    ROW(cuEventCreate)                                                                             \
    ROW(cuEventRecord)                                                                             \
    ROW(cuEventElapsedTime)                                                                        \
    ROW(cuEventDestroy_v2)

#define DRIVER_CALL_ENUMERATOR(name) CALL_##name,
enum driver_call { DRIVER_CALLS(DRIVER_CALL_ENUMERATOR) DRIVER_CALL_COUNT };
#undef DRIVER_CALL_ENUMERATOR

enum { DEVICE_LIMIT = 16, DEFAULT_SHARED_BYTES = 48 * 1024 };

struct CUctx_st {
    int device;
    int is_active; /* a primary context, once somebody has retained it */
    struct CUctx_st *next;
};

struct parameter {
    uint32_t offset;
    uint32_t size;
};

struct CUkern_st {
    struct CUkern_st *next;
    const struct CUlib_st *library;
    char *name;
    uint32_t required_block[3]; /* all zero: any */
    uint32_t cluster[3];        /* all zero: none is compiled in */
    uint32_t maximum_threads;   /* 0: the device's limit */
    uint32_t registers;         /* for each thread; 0 where the image does not say */
    uint32_t stack;             /* in bytes for each thread */
    size_t parameter_count;
    struct parameter *parameters;
    int shared_limit[DEVICE_LIMIT];
    int large_clusters[DEVICE_LIMIT];
};

struct CUlib_st {
    struct CUlib_st *next;
    int loaded;
    int is_ptx;
    int architecture; /* 90 for sm_90a */
    char suffix;      /* 'a', 'f' or 0 */
    uint64_t hash;    /* FNV-1a of the image's bytes, a PTX text without its NUL */
    uint64_t size;
    struct CUkern_st *kernels;
};

/* control.c */
void driver_lock(void);
void driver_unlock(void);
CUresult driver_enter(enum driver_call call); /* takes the lock, whatever it returns */
CUresult driver_initialise(unsigned int flags);
int driver_version(void);
int driver_ptx_version(void);
CUresult driver_capture_status(int *status); /* of any stream */

/* devices.c */
int devices_set(const int *capabilities, const int *shared_bytes, int count);
int devices_agree(const int *capabilities, const int *shared_bytes, int count);
int devices_parse(const char *text);
int device_count(void);
int device_exists(CUdevice device);
int device_capability(CUdevice device);
int device_shared_optin(CUdevice device);
CUresult device_attribute(int *value, int attribute, CUdevice device);

/* contexts.c */
CUcontext context_primary(CUdevice device);
int context_primary_is_active(CUdevice device);
CUcontext context_create(CUdevice device);
CUcontext context_current(void);
CUresult context_set(CUcontext context);
CUresult context_push(CUcontext context);
CUresult context_pop(CUcontext *context);
CUresult context_of_stream(CUstream stream, CUcontext *context);
int context_bind_stream(CUstream stream, CUcontext context);
CUresult context_exchange_capture_mode(int *mode);
int context_capture_mode(void);
void contexts_forget(void);

void *checked_allocation(size_t size); /* zeroed; a test process without memory may as well end */

/* image.c; cubin.c and ptx.c fill in a library from one kind of image */
CUresult image_load(const void *image, CUlibrary *library);
CUlibrary image_library(CUlibrary library);
CUkernel image_kernel(CUkernel kernel);
CUresult image_find_kernel(CUlibrary library, const char *name, CUkernel *kernel);
CUresult image_load_on_current(CUfunction *function, CUkernel kernel);
CUresult image_set_attribute(CUkernel kernel, int attribute, int value, CUdevice device);
int image_runs_on(const struct CUlib_st *library, int capability);
struct CUkern_st *image_add_kernel(struct CUlib_st *library, const char *name, size_t length);
CUresult cubin_parse(const unsigned char *image, struct CUlib_st *library);
int ptx_recognise(const char *text);
CUresult ptx_parse(const char *text, struct CUlib_st *library);

/* modules.c */
CUresult module_load(const void *image, CUlibrary *place);
CUresult module_get_function(CUfunction *place, CUlibrary module, const char *name);
CUresult function_get_attribute(int *value, int attribute, CUfunction function);
CUresult function_set_attribute(CUfunction function, int attribute, int value);
CUresult function_set_cache(CUfunction function, int preference);

/* memory.c */
CUresult memory_take_plainly(CUdeviceptr *place, size_t size);
CUresult memory_info(size_t *free_bytes, size_t *total_bytes);
CUresult memory_check(CUdeviceptr address, size_t size); /* whether it is in an allocation */
CUresult memory_take(CUdeviceptr *place, size_t size, CUstream stream);
CUresult memory_give(CUdeviceptr address, CUstream stream);
int memory_has_pools(void);
void memory_switch_pools(int on);
void memory_forget(void);
size_t memory_count(void);
size_t memory_write(size_t index, char *buffer, size_t capacity);

/* timing.c */
int times_read(const char *path);
void times_forget(void);
void time_advance(double nanoseconds);
void time_launch(uint64_t hash, uint64_t blocks);
CUresult time_spoilt(void); /* what every call returns since a launch has failed */
CUresult event_create(CUevent *place);
CUresult event_record(CUevent event);
CUresult event_elapsed(float *milliseconds, CUevent start, CUevent end);
CUresult event_destroy(CUevent event);

/* tensor_map.c */
struct tensor_map {
    unsigned int type;
    unsigned int rank;
    void *data;
    const uint64_t *shape;
    const uint64_t *strides;
    const uint32_t *box;
    const uint32_t *steps;
    unsigned int interleave;
    unsigned int swizzle;
    unsigned int l2_promotion;
    unsigned int fill;
};
CUresult tensor_map_encode(uint64_t *result, const struct tensor_map *map);

/* launch.c; records.c keeps what was launched */
CUresult launch(const CUlaunchConfig *config, CUfunction function, void **parameters, void **extra);
size_t parameters_size(const struct CUkern_st *kernel);
void record_launch(const CUlaunchConfig *config, const struct CUkern_st *kernel, CUcontext context,
                   const unsigned char *parameters); /* laid out by the image's offsets */
unsigned long records_next(void); /* the next place in the order of what a stream was given */
void records_forget(void);
void records_switch(int on);
void records_open_log(const char *path);
size_t records_count(void);
size_t records_write(size_t index, char *buffer, size_t capacity);

#endif
