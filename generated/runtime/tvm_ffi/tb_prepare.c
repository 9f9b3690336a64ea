/* Prepared launches as TVM FFI functions, which take the stream or nothing. */
#include "tb_prepare.h"
#include "../core/tb_process.h"
#include "tb_describe.h"
#include "tb_memory.h"
#include "tb_tvm_ffi.h"

#include <stdlib.h>
#include <string.h>

/* What such a function holds. */
typedef struct held {
    const tb_global *global;
    tritonbind_prepared *launch;
    bool has_stream; /* one was given to prepare for */
    void *stream;
    const tb_dl_exchange_api *library; /* whose current stream it is otherwise; NULL: TVM FFI's */
    int32_t count;
    void *tensors[]; /* kept alive */
} held;

static bool fail_library(const tb_function *function, int32_t device)
{
    tb_fail(function, TRITONBIND_RUNTIME_ERROR,
            "the tensors' library cannot tell its current stream for cuda:%d", (int)device);
    return false;
}

/* is_current: it was asked for, or checked when the launch was prepared. */
static bool find_stream(const held *self, const tvm_ffi_any *given, void **stream, bool *is_current)
{
    const int32_t device = self->launch->device;
    *is_current = given->type_index == TVM_FFI_NONE;
    if (!*is_current)
        return tb_get_stream(self->launch->function, given, stream);
    if (self->launch->image == NULL) /* nothing will be launched, perhaps on no device */
        return true;
    if (self->has_stream)
        *stream = self->stream;
    else if (self->library != NULL)
        return self->library->current_stream(DL_CUDA, device, stream) == 0
               || fail_library(self->launch->function, device);
    else
        *stream = tb_tvm_ffi()->get_stream(DL_CUDA, device);
    return true;
}

static int launch(void *handle, const tvm_ffi_any *arguments, int32_t count, tvm_ffi_any *result)
{
    static const tvm_ffi_any none = {.type_index = TVM_FFI_NONE};
    const held *self = handle;
    const tb_function *function = self->launch->function;
    void *stream = NULL;
    bool is_current = false, good = count < 2;
    if (!good)
        tb_fail(function, TRITONBIND_TYPE_ERROR,
                "a prepared launch expects the stream or nothing, but got %d arguments",
                (int)count);
    good = good && find_stream(self, count == 0 ? &none : arguments, &stream, &is_current)
           && tb_launch_again(self->launch, stream, is_current) == TRITONBIND_OK;
    if (good)
        *result = none;
    else
        tb_raise(self->global);
    return good ? 0 : -1;
}

static void let_go(void *handle)
{
    held *self = handle;
    for (int32_t i = 0; i < self->count; i++)
        (void)tb_tvm_ffi()->release(self->tensors[i]);
    tb_release_prepared(self->launch);
    free(self);
}

/* A tensor that was passed as a mere DLTensor is its owner's to keep alive, as an address is. */
static void hold_tensors(held *self, const tb_call *call)
{
    for (int32_t i = 0; i < call->function->argument_count; i++) {
        if (call->arguments[i].type_index == TVM_FFI_TENSOR) {
            self->tensors[self->count] = call->arguments[i].value.pointer;
            (void)tb_tvm_ffi()->retain(self->tensors[self->count++]);
        }
    }
}

/* As far as it can be told without calling it. */
static bool is_exchange_api(const tb_dl_exchange_api *library)
{
    void *current_stream = NULL;
    if ((uintptr_t)library % sizeof(void *) != 0 || !tb_is_mapped(library, sizeof *library)
        || library->major != 1)
        return false;
    memcpy(&current_stream, &library->current_stream, sizeof current_stream);
    return current_stream != NULL && tb_is_mapped(current_stream, 1);
}

static bool fail_exchange_api(const tb_call *call, int32_t index, tritonbind_status status)
{
    char text[TB_DESCRIPTION];
    tb_fail_argument(call->function, index, status,
                     "must be an opaque pointer to a DLPackExchangeAPI of version 1 that tells its "
                     "current stream, or None, got %s",
                     tb_describe(&call->arguments[index], text, sizeof text));
    return false;
}

/* What stands behind the stream; NULL where nothing does. */
static bool get_library(const tb_call *call, const tb_dl_exchange_api **library)
{
    const int32_t index = call->function->argument_count + 1;
    const tvm_ffi_any *value = &call->arguments[index];
    *library = NULL;
    if (call->count <= index || value->type_index == TVM_FFI_NONE)
        return true;
    if (value->type_index != TVM_FFI_OPAQUE_POINTER)
        return fail_exchange_api(call, index, TRITONBIND_TYPE_ERROR);
    *library = value->value.pointer;
    return is_exchange_api(*library) || fail_exchange_api(call, index, TRITONBIND_VALUE_ERROR);
}

static bool hold_stream(held *self, const tb_call *call)
{
    const int32_t place = call->function->argument_count;
    const tvm_ffi_any *arguments = call->arguments;
    if (call->count > place && arguments[place].type_index != TVM_FFI_NONE)
        self->has_stream = tb_get_stream(call->function, &arguments[place], &self->stream);
    return get_library(call, &self->library);
}

int tb_return_prepared(tb_call *call, tvm_ffi_any *result)
{
    const tb_function *function = call->function;
    held *self = calloc(1, sizeof *self + (size_t)function->argument_count * sizeof(void *));
    void *object = NULL;
    if (self == NULL) {
        tb_release_prepared(call->prepared);
        tb_fail(function, TRITONBIND_RUNTIME_ERROR, "cannot prepare a launch: out of host memory");
        tb_raise(call->global);
        return -1;
    }
    tb_stay(); /* the function that is made may outlive the module that made it */
    self->global = call->global;
    self->launch = call->prepared;
    hold_tensors(self, call);
    if (!hold_stream(self, call)) {
        let_go(self);
        tb_raise(call->global);
        return -1;
    }
    if (tb_tvm_ffi()->create(self, launch, let_go, &object) != 0) {
        let_go(self);
        return -1;
    }
    *result = (tvm_ffi_any){.type_index = TVM_FFI_FUNCTION, .value = {.pointer = object}};
    return 0;
}
