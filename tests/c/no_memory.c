/* Calls for which the library gets no memory, at each of its allocations in turn. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "choices.h"

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

int main(void)
{
    void *array = (void *)0x1000;
    for (int place = 2; place >= 0; place--) {
        countdown = place;
        printf("%d ", (int)reduce_launch(NULL, array, array, 5, 3, "sum", false));
        puts(place > 0 ? tritonbind_last_error() : "");
    }
    return 0;
}
