/* Launches that are prepared in plain C: good ones, from several threads too, and refused ones.
 *
 * Prints the status of each call and, when it was refused, the last error. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "choices.h"

#define ARRAY ((void *)0x1000)
#define STREAM ((void *)0x5eed)

void *calloc(size_t count, size_t size);
void *__libc_calloc(size_t count, size_t size);

static int countdown; /* the library's allocation of this number fails; 0: none does */

void *calloc(size_t count, size_t size)
{
    Dl_info caller;
    if (countdown > 0 && dladdr(__builtin_return_address(0), &caller) != 0
        && strstr(caller.dli_fname, "libtritonbind-") != NULL && --countdown == 0)
        return NULL;
    return __libc_calloc(count, size);
}

static tritonbind_prepared *prepared;

static void show(tritonbind_status status)
{
    if (status == TRITONBIND_OK)
        puts("0");
    else
        printf("%d %s (%s)\n", (int)status, tritonbind_last_error(),
               prepared == NULL ? "NULL" : "something");
}

static void *launch_often(void *stream)
{
    for (int i = 0; i < 100; i++)
        if (tritonbind_launch_prepared(prepared, stream) != TRITONBIND_OK)
            puts(tritonbind_last_error());
    return NULL;
}

int main(void)
{
    pthread_t threads[8];
    tritonbind_release_prepared(NULL);
    show(tritonbind_launch_prepared(NULL, STREAM));
    show(scale_launch_later(NULL, TRITONBIND_BF16, ARRAY, ARRAY, NULL, 1000, 0.5f, 512));
    show(scale_launch_later(&prepared, TRITONBIND_BF16, ARRAY, ARRAY, NULL, 1000, 0.5f, 512));
    show(tritonbind_launch_prepared(prepared, STREAM));
    show(tritonbind_launch_prepared(prepared, NULL));
    show(tritonbind_launch_prepared(prepared, (void *)1));
    for (uintptr_t i = 0; i < 8; i++)
        pthread_create(&threads[i], NULL, launch_often, (void *)(100 + i));
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    tritonbind_release_prepared(prepared);
    show(scale_launch_later(&prepared, TRITONBIND_FP16, ARRAY, ARRAY, NULL, 8, 1.0f, 255));
    show(explicit_launch_later(&prepared, ARRAY, -1, -2, 1, 65536, 1));
    for (int place = 2; place > 0; place--) {
        countdown = place; /* the second allocation keeps the launch, the first is for the image */
        show(reduce_launch_later(&prepared, ARRAY, ARRAY, 5, 3, place == 2 ? "sum" : "max", false));
    }
    return 0;
}
