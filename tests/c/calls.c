/* Good calls and refused ones through the generated headers alone, in C99 as in C++17.
 *
 * Prints the status of each call and, when it was refused, the last error. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "choices.h"
#include "corners.h"
#include "scalars.h"

#define ARRAY ((void *)0x7f0000001000)
#define ODD ((void *)0x7f0000001004)
#define STREAM ((void *)0x5eed)

static void show(tritonbind_status status)
{
    printf("%d%s%s\n", (int)status, status == TRITONBIND_OK ? "" : " ",
           status == TRITONBIND_OK ? "" : tritonbind_last_error());
}

static void good_calls(void)
{
    show(lambda_launch(NULL));
    show(integers_launch(STREAM, ARRAY, true, INT8_MIN, INT16_MIN, 16, INT64_MIN, UINT8_MAX,
                         UINT16_MAX, UINT32_MAX, UINT64_MAX));
    show(floats_launch(STREAM, ODD, 0x3e00, 0xbfc0, 0.25f, 1e300) == TRITONBIND_VALUE_ERROR
             ? TRITONBIND_OK
             : TRITONBIND_TYPE_ERROR);
    show(floats_launch(STREAM, ARRAY, 0x3e00, 0xbfc0, 0.25f, 1e300));
    show(scale_launch(NULL, TRITONBIND_BF16, ARRAY, ARRAY, NULL, 1000, 0.5f, 512));
    show(scale_launch(NULL, TRITONBIND_FP16, ARRAY, ODD, ARRAY, 1000, 0.5f, 256));
    show(reduce_launch(STREAM, ARRAY, ARRAY, 5, 3, "max", true));
    show(gather_launch(NULL, TRITONBIND_FP64, TRITONBIND_I64, ARRAY, ARRAY, ARRAY, 4, 600));
    show(explicit_launch(NULL, ODD, -1, -2, 2, 3, 4));
    show(explicit_launch(NULL, ODD, -1, -2, 2, 0, 4));
    show(product_launch(NULL, ARRAY, ARRAY, 1, 1, 1));
}

static void refused_calls(void)
{
    char text[100];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = 0;
    show(scale_launch(NULL, TRITONBIND_FP32, ARRAY, ARRAY, NULL, 8, 1.0f, 256));
    show(scale_launch(NULL, (tritonbind_dtype)0, ARRAY, ARRAY, NULL, 8, 1.0f, 256));
    show(scale_launch(NULL, TRITONBIND_FP16, ARRAY, ARRAY, NULL, 8, 1.0f, 255));
    show(scale_launch(NULL, TRITONBIND_FP16, (char *)ARRAY + 1, ARRAY, NULL, 8, 1.0f, 256));
    show(scale_launch(NULL, TRITONBIND_FP16, ARRAY, ARRAY, NULL, -1000, 1.0f, 256));
    show(reduce_launch(NULL, ARRAY, ARRAY, 5, 3, "mean", true));
    show(reduce_launch(NULL, ARRAY, ARRAY, 5, 3, text, true));
    show(reduce_launch(NULL, ARRAY, ARRAY, 5, 3, NULL, true));
    show(reduce_launch(NULL, ARRAY, ARRAY, 5, 1, "sum", true));
    show(gather_launch(NULL, TRITONBIND_I8, TRITONBIND_FP16, ARRAY, ARRAY, ARRAY, 4, 600));
    show(gather_launch(NULL, TRITONBIND_FP64, TRITONBIND_I32, ARRAY, ARRAY, ODD, 4, 600));
    show(gather_launch(NULL, TRITONBIND_I8, TRITONBIND_I32, ARRAY, ARRAY, ODD, INT64_MAX, 600));
    show(explicit_launch(NULL, ODD, -1, -2, 2, 65536, 4));
}

/* Another thread's error is its own. */
static void *fail_in_thread(void *unused)
{
    printf("%zu ", strlen(tritonbind_last_error()));
    show(explicit_launch(NULL, ODD, 0, 0, 1, 1, -1));
    return unused;
}

int main(void)
{
    pthread_t thread;
    printf("%zu %d\n", strlen(tritonbind_last_error()),
           choices_register() + corners_register() + scalars_register());
    good_calls();
    refused_calls();
    if (pthread_create(&thread, NULL, fail_in_thread, NULL) != 0 || pthread_join(thread, NULL) != 0)
        return 1;
    puts(tritonbind_last_error());
    return 0;
}
