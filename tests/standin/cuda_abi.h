/* The part of the CUDA driver's binary interface that the stand-in implements, declared by hand. */
#ifndef STANDIN_CUDA_ABI_H
#define STANDIN_CUDA_ABI_H

typedef int CUdevice;
typedef unsigned long long CUdeviceptr;
typedef struct CUctx_st *CUcontext;
typedef struct CUlib_st *CUlibrary;
typedef struct CUkern_st *CUkernel;
typedef struct CUfunc_st *CUfunction;
typedef struct CUstream_st *CUstream;
typedef struct event *CUevent;

/* code, name, text: one row per result that a test may see or ask for. */
#define CUDA_RESULTS(ROW)                                                                          \
    ROW(0, CUDA_SUCCESS, "no error")                                                               \
    ROW(1, CUDA_ERROR_INVALID_VALUE, "invalid argument")                                           \
    ROW(2, CUDA_ERROR_OUT_OF_MEMORY, "out of memory")                                              \
    ROW(3, CUDA_ERROR_NOT_INITIALIZED, "initialization error")                                     \
    ROW(4, CUDA_ERROR_DEINITIALIZED, "driver shutting down")                                       \
    ROW(34, CUDA_ERROR_STUB_LIBRARY, "CUDA driver is a stub library")                              \
    ROW(46, CUDA_ERROR_DEVICE_UNAVAILABLE, "CUDA-capable device(s) is/are busy or unavailable")    \
    ROW(100, CUDA_ERROR_NO_DEVICE, "no CUDA-capable device is detected")                           \
    ROW(101, CUDA_ERROR_INVALID_DEVICE, "invalid device ordinal")                                  \
    ROW(200, CUDA_ERROR_INVALID_IMAGE, "device kernel image is invalid")                           \
    ROW(201, CUDA_ERROR_INVALID_CONTEXT, "invalid device context")                                 \
    ROW(209, CUDA_ERROR_NO_BINARY_FOR_GPU,                                                         \
        "no kernel image is available for execution on the device")                                \
    ROW(218, CUDA_ERROR_INVALID_PTX, "a PTX JIT compilation failed")                               \
    ROW(221, CUDA_ERROR_JIT_COMPILER_NOT_FOUND, "PTX JIT compiler library not found")              \
    ROW(222, CUDA_ERROR_UNSUPPORTED_PTX_VERSION,                                                   \
        "the provided PTX was compiled with an unsupported toolchain.")                            \
    ROW(400, CUDA_ERROR_INVALID_HANDLE, "invalid resource handle")                                 \
    ROW(500, CUDA_ERROR_NOT_FOUND, "named symbol not found")                                       \
    ROW(700, CUDA_ERROR_ILLEGAL_ADDRESS, "an illegal memory access was encountered")               \
    ROW(701, CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES, "too many resources requested for launch")        \
    ROW(709, CUDA_ERROR_CONTEXT_IS_DESTROYED, "context is destroyed")                              \
    ROW(710, CUDA_ERROR_ASSERT, "device-side assert triggered")                                    \
    ROW(719, CUDA_ERROR_LAUNCH_FAILED, "unspecified launch failure")                               \
    ROW(720, CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE, "too many blocks in cooperative launch")     \
    ROW(800, CUDA_ERROR_NOT_PERMITTED, "operation not permitted")                                  \
    ROW(801, CUDA_ERROR_NOT_SUPPORTED, "operation not supported")                                  \
    ROW(802, CUDA_ERROR_SYSTEM_NOT_READY, "system not yet initialized")                            \
    ROW(803, CUDA_ERROR_SYSTEM_DRIVER_MISMATCH,                                                    \
        "system has unsupported display driver / cuda driver combination")                         \
    ROW(900, CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED,                                                \
        "operation not permitted when stream is capturing")                                        \
    ROW(901, CUDA_ERROR_STREAM_CAPTURE_INVALIDATED,                                                \
        "operation failed due to a previous error during capture")                                 \
    ROW(912, CUDA_ERROR_INVALID_CLUSTER_SIZE, "cluster misconfiguration")                          \
    ROW(999, CUDA_ERROR_UNKNOWN, "unknown error")

#define CUDA_RESULT_ENUMERATOR(code, name, text) name = code,
typedef enum { CUDA_RESULTS(CUDA_RESULT_ENUMERATOR) CUDA_RESULT_LAST_ROW } CUresult;
#undef CUDA_RESULT_ENUMERATOR

enum {
    CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK = 0,
    CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES = 1,
    CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES = 3,
    CU_FUNC_ATTRIBUTE_NUM_REGS = 4,
    CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES = 8,
    CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT = 9,
    CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED = 14,
    CU_FUNC_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE = 15
};

enum {
    CU_LAUNCH_ATTRIBUTE_COOPERATIVE = 2,
    CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION = 4,
    CU_LAUNCH_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE = 5,
    CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION = 6
};

enum {
    CU_STREAM_CAPTURE_MODE_GLOBAL = 0,
    CU_STREAM_CAPTURE_MODE_THREAD_LOCAL = 1,
    CU_STREAM_CAPTURE_MODE_RELAXED = 2
};

enum { CU_POINTER_ATTRIBUTE_DEVICE_POINTER = 3, CU_LIMIT_PRINTF_FIFO_SIZE = 1 };

enum { CU_STREAM_CAPTURE_STATUS_NONE = 0, CU_STREAM_CAPTURE_STATUS_ACTIVE = 1 };

/* The values that end or introduce entries of a launch's `extra` array. */
enum {
    CU_LAUNCH_PARAM_END = 0,
    CU_LAUNCH_PARAM_BUFFER_POINTER = 1,
    CU_LAUNCH_PARAM_BUFFER_SIZE = 2
};

typedef union {
    unsigned char bytes[64];
    unsigned int cluster[3];
    void *pointer;
} CUlaunchAttributeValue;

typedef struct {
    unsigned int id;
    unsigned int padding;
    CUlaunchAttributeValue value;
} CUlaunchAttribute;

typedef struct {
    unsigned int gridDimX;
    unsigned int gridDimY;
    unsigned int gridDimZ;
    unsigned int blockDimX;
    unsigned int blockDimY;
    unsigned int blockDimZ;
    unsigned int sharedMemBytes;
    CUstream hStream;
    CUlaunchAttribute *attrs;
    unsigned int numAttrs;
} CUlaunchConfig;

#endif
