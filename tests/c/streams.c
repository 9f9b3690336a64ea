/* Streams of two devices in plain C, for calls and prepared launches that go to the first. */
#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>

#include "choices.h"

#define ARRAY ((void *)0x1000)

typedef void *(*context_function)(int device);
typedef int (*bind_function)(void *stream, void *context);

static void show(tritonbind_status status)
{
    printf("%d%s%s\n", (int)status, status == TRITONBIND_OK ? "" : " ",
           status == TRITONBIND_OK ? "" : tritonbind_last_error());
}

int main(void)
{
    void *streams[] = {(void *)0x5e0, (void *)0x5e1}, *driver = dlopen("libcuda.so.1", RTLD_NOW);
    context_function primary_context;
    bind_function bind_stream;
    tritonbind_prepared *prepared;
    *(void **)&primary_context = dlsym(driver, "standin_primary_context");
    *(void **)&bind_stream = dlsym(driver, "standin_bind_stream");
    for (int device = 0; device < 2; device++)
        if (bind_stream(streams[device], primary_context(device)) != 0)
            return 1;
    for (int device = 0; device < 2; device++)
        show(reduce_launch(streams[device], ARRAY, ARRAY, 5, 3, "sum", true));
    if (reduce_launch_later(&prepared, ARRAY, ARRAY, 5, 3, "sum", true) != TRITONBIND_OK)
        return 1;
    for (int device = 0; device < 2; device++)
        show(tritonbind_launch_prepared(prepared, streams[device]));
    tritonbind_release_prepared(prepared);
    return 0;
}
