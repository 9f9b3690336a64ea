/* Contexts, each thread's stack of them, streams, and each thread's capture mode. */
#include <stdlib.h>
#include <string.h>

#include "standin.h"

enum { STACK_LIMIT = 256 };

/* A reset raises `generation`; a thread with an older one starts afresh at its next call. */
struct thread_state {
    unsigned int generation;
    int depth;
    CUcontext stack[STACK_LIMIT];
    int capture_mode;
};

struct stream {
    struct stream *next;
    CUstream handle;
    CUcontext context;
};

static __thread struct thread_state thread_state;
static unsigned int generation;
static struct CUctx_st primaries[DEVICE_LIMIT];
static struct CUctx_st *created;
static struct stream *streams;

static struct thread_state *this_thread(void)
{
    if (thread_state.generation != generation) {
        memset(&thread_state, 0, sizeof thread_state);
        thread_state.generation = generation;
    }
    return &thread_state;
}

static int context_exists(CUcontext context)
{
    const struct CUctx_st *one = created;
    while (one != NULL && one != context)
        one = one->next;
    for (int device = 0; one == NULL && device < device_count(); device++)
        one = context == &primaries[device] ? context : NULL;
    return context != NULL && one == context;
}

CUcontext context_primary(CUdevice device)
{
    primaries[device].device = device;
    primaries[device].is_active = 1;
    return &primaries[device];
}

int context_primary_is_active(CUdevice device)
{
    return primaries[device].is_active;
}

CUcontext context_create(CUdevice device)
{
    CUcontext context = checked_allocation(sizeof *context);
    context->device = device;
    context->next = created;
    created = context;
    return context;
}

CUcontext context_current(void)
{
    const struct thread_state *thread = this_thread();
    return thread->depth > 0 ? thread->stack[thread->depth - 1] : NULL;
}

CUresult context_set(CUcontext context)
{
    struct thread_state *thread = this_thread();
    if (context != NULL && !context_exists(context))
        return CUDA_ERROR_INVALID_CONTEXT;
    thread->depth -= thread->depth > 0;
    return context == NULL ? CUDA_SUCCESS : context_push(context);
}

CUresult context_push(CUcontext context)
{
    struct thread_state *thread = this_thread();
    if (!context_exists(context))
        return CUDA_ERROR_INVALID_CONTEXT;
    if (thread->depth == STACK_LIMIT)
        return CUDA_ERROR_OUT_OF_MEMORY;
    thread->stack[thread->depth++] = context;
    return CUDA_SUCCESS;
}

CUresult context_pop(CUcontext *context)
{
    struct thread_state *thread = this_thread();
    CUcontext current = context_current();
    if (current == NULL)
        return CUDA_ERROR_INVALID_CONTEXT;
    thread->depth--;
    if (context != NULL)
        *context = current;
    return CUDA_SUCCESS;
}

/* The default streams (NULL, 1, 2) and streams that no test has bound are the current context's. */
CUresult context_of_stream(CUstream stream, CUcontext *context)
{
    const struct stream *one = streams;
    if (context == NULL)
        return CUDA_ERROR_INVALID_VALUE;
    while (one != NULL && one->handle != stream)
        one = one->next;
    *context = one != NULL ? one->context : context_current();
    return *context == NULL ? CUDA_ERROR_INVALID_CONTEXT : CUDA_SUCCESS;
}

int context_bind_stream(CUstream stream, CUcontext context)
{
    struct stream *one;
    if (!context_exists(context) || (size_t)stream < 3)
        return -1;
    one = checked_allocation(sizeof *one);
    one->handle = stream;
    one->context = context;
    one->next = streams;
    streams = one;
    return 0;
}

CUresult context_exchange_capture_mode(int *mode)
{
    struct thread_state *thread = this_thread();
    int previous = thread->capture_mode;
    if (mode == NULL || *mode < CU_STREAM_CAPTURE_MODE_GLOBAL
        || *mode > CU_STREAM_CAPTURE_MODE_RELAXED)
        return CUDA_ERROR_INVALID_VALUE;
    thread->capture_mode = *mode;
    *mode = previous;
    return CUDA_SUCCESS;
}

int context_capture_mode(void)
{
    return this_thread()->capture_mode;
}

void contexts_forget(void)
{
    generation++;
    while (streams != NULL) {
        struct stream *next = streams->next;
        free(streams);
        streams = next;
    }
}
