/* A call of a function through TVM FFI, and where it goes. */
#include "tb_call.h"
#include "../core/tb_devices.h"
#include "tb_any.h"
#include "tb_describe.h"
#include "tb_tvm_ffi.h"

#include <string.h>

bool tb_begin(tb_call *call, const tb_global *global, bool prepares, const tvm_ffi_any *arguments,
              int32_t count)
{
    const tb_function *function = global->function;
    const int32_t surplus = count - function->argument_count;
    memset(call, 0, sizeof *call);
    call->global = global;
    call->function = function;
    call->arguments = arguments;
    call->count = count;
    call->device = TB_CURRENT_DEVICE;
    call->prepares = prepares;
    if (surplus == 0 || surplus == 1 || (prepares && surplus == 2))
        return true;
    const int most = (int)function->argument_count + 1;
    tb_fail(NULL, TRITONBIND_TYPE_ERROR,
            "%s expects %d argument%s (%s), of which the stream may be left out, but got %d",
            function->name, most, most == 1 ? "" : "s", global->argument_names, (int)count);
    return false;
}

static bool fail_stream(const tb_function *function, const tvm_ffi_any *value,
                        tritonbind_status status, const char *expected)
{
    char text[TB_DESCRIPTION];
    tb_fail_argument(function, function->argument_count, status, "must be %s, got %s", expected,
                     tb_describe(value, text, sizeof text));
    return false;
}

bool tb_get_stream(const tb_function *function, const tvm_ffi_any *value, void **stream)
{
    uint64_t wide = 0;
    switch (value->type_index) {
    case TVM_FFI_INT:
        if (value->value.integer < 0)
            return fail_stream(function, value, TRITONBIND_VALUE_ERROR, "a stream of 0 or more");
        *stream = (void *)(uintptr_t)value->value.integer;
        return true;
    case TVM_FFI_BIG_INT:
        if (!tb_unsigned_of(value, &wide))
            return fail_stream(function, value, TRITONBIND_VALUE_ERROR, "a stream of 64 bits");
        *stream = (void *)(uintptr_t)wide;
        return true;
    case TVM_FFI_OPAQUE_POINTER:
        *stream = value->value.pointer;
        return true;
    default:
        return fail_stream(function, value, TRITONBIND_TYPE_ERROR,
                           "a stream: an integer, an opaque pointer or None");
    }
}

bool tb_get_destination(tb_call *call, tb_destination *destination)
{
    const tb_function *function = call->function;
    const tvm_ffi_any *stream = &call->arguments[function->argument_count];
    *destination = (tb_destination){.device = call->device};
    if (call->prepares)
        destination->prepared = &call->prepared;
    destination->stream_is_current = call->stream_is_current;
    if (call->count > function->argument_count && stream->type_index != TVM_FFI_NONE)
        return tb_get_stream(function, stream, &destination->stream);
    destination->stream_is_current = true;
    if (call->prepares) /* the stream is asked for at each launch */
        return true;
    if (destination->device == TB_CURRENT_DEVICE)
        destination->device = tb_current_device(function);
    if (destination->device < 0)
        return false;
    destination->stream = tb_tvm_ffi()->get_stream(DL_CUDA, destination->device);
    return true;
}

void tb_raise(const tb_global *global)
{
    static const char *const kinds[] = {"", "TypeError", "ValueError", "RuntimeError"};
    const char *parts[] = {tb_last_error(), "\n", global->signature};
    tb_tvm_ffi()->set_raised(kinds[tb_last_status()], parts, 3);
}
