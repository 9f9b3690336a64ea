/* What every generated header shares: statuses and the text of errors, dtypes, tensors. */
#ifndef TRITONBIND_H
#define TRITONBIND_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TRITONBIND_PUBLIC __attribute__((visibility("default")))

typedef enum tritonbind_status {
    TRITONBIND_OK = 0,
    TRITONBIND_TYPE_ERROR = 1,   /* an argument of the wrong kind or dtype */
    TRITONBIND_VALUE_ERROR = 2,  /* out of range, misaligned, on the wrong device, a bad grid */
    TRITONBIND_RUNTIME_ERROR = 3 /* CUDA: no driver, no image for the device, a failed call */
} tritonbind_status;

/* The element types of Triton's pointers, for kernels that take a choice of them. */
typedef enum tritonbind_dtype {
    TRITONBIND_I1 = 1,
    TRITONBIND_I8,
    TRITONBIND_I16,
    TRITONBIND_I32,
    TRITONBIND_I64,
    TRITONBIND_U8,
    TRITONBIND_U16,
    TRITONBIND_U32,
    TRITONBIND_U64,
    TRITONBIND_FP16,
    TRITONBIND_BF16,
    TRITONBIND_FP32,
    TRITONBIND_FP64,
    TRITONBIND_FP8E4NV,
    TRITONBIND_FP8E4B8,
    TRITONBIND_FP8E5,
    TRITONBIND_FP8E5B16,
    TRITONBIND_FP8E4B15
} tritonbind_dtype;

/* A tensor on the device, for kernels that take it as a descriptor: they are given its shape and
 * strides. Its dtype is that of the function's documentation, or the one passed beside it. */
typedef struct tritonbind_tensor {
    void *data; /* the first element */
    int32_t ndim;
    const int64_t *shape;
    const int64_t *strides; /* in elements, not bytes; NULL: row-major without gaps */
} tritonbind_tensor;

/* A launch made by <function>_launch_later: the arguments are checked and copied, the image is
 * chosen and loaded. It does not change any more, so threads may launch it at the same time, and
 * release it once when none does. What its pointers point to is not copied, and must outlive it. */
typedef struct tritonbind_prepared tritonbind_prepared;

/* Enqueues it on a stream of the device that it was prepared for, whichever device is current. */
TRITONBIND_PUBLIC tritonbind_status tritonbind_launch_prepared(const tritonbind_prepared *prepared,
                                                               void *stream);

/* Frees it, or does nothing for NULL. Kernels that it has enqueued are not affected. */
TRITONBIND_PUBLIC void tritonbind_release_prepared(tritonbind_prepared *prepared);

/* One sentence on the calling thread's last failed call: which function and argument, what was
 * expected and what came. Valid until that thread's next failed call; "" before the first. */
TRITONBIND_PUBLIC const char *tritonbind_last_error(void);

#ifdef __cplusplus
}
#endif

#endif
