/* Good calls and refused ones of a kernel that takes tensors, in C99 as in C++17. */
#include <stdio.h>

#include "descriptors.h"

static int64_t elements[64];

static tritonbind_tensor tensor(const int64_t *shape, const int64_t *strides)
{
    tritonbind_tensor result;
    result.data = (void *)(((uintptr_t)elements + 63) / 64 * 64);
    result.ndim = 2;
    result.shape = shape;
    result.strides = strides;
    return result;
}

static void show(tritonbind_status status)
{
    printf("%d%s%s\n", (int)status, status == TRITONBIND_OK ? "" : " ",
           status == TRITONBIND_OK ? "" : tritonbind_last_error());
}

int main(void)
{
    static const int64_t shape[] = {48, 64}, strides[] = {80, 1};
    tritonbind_tensor source = tensor(shape, NULL), target = tensor(shape, strides);
    tritonbind_tensor shapeless = tensor(NULL, NULL), negative = tensor(shape, NULL);
    tritonbind_tensor empty_handed = tensor(shape, NULL);
    negative.ndim = -1;
    empty_handed.data = NULL;
    show(copy_launch(NULL, TRITONBIND_FP16, &source, &target, 48, 64, 32));
    show(copy_launch(NULL, TRITONBIND_FP32, &source, &target, 48, 64, 64));
    show(copy_launch(NULL, TRITONBIND_FP16, &source, NULL, 48, 64, 32));
    show(copy_launch(NULL, TRITONBIND_FP16, &shapeless, &target, 48, 64, 32));
    show(copy_launch(NULL, TRITONBIND_FP16, &negative, &target, 48, 64, 32));
    show(copy_launch(NULL, TRITONBIND_FP16, &source, &empty_handed, 48, 64, 32));
    show(copy_launch(NULL, TRITONBIND_BF16, &source, &target, 48, 64, 32));
    return 0;
}
