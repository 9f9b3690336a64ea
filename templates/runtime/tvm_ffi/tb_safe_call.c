/* A function as TVM FFI calls and finds it. */
#include "tb_safe_call.h"
#include "tb_prepare.h"
#include "tb_schema.h"
#include "tb_tvm_ffi.h"

#include <stdlib.h>
#include <string.h>

int tb_safe_call(const tb_global *global, bool prepares, const tvm_ffi_any *arguments,
                 int32_t count, tvm_ffi_any *result)
{
    tb_call call;
    if (!tb_begin(&call, global, prepares, arguments, count) || !global->run(&call)) {
        tb_raise(global);
        return -1;
    }
    if (prepares) {
        call.arguments = arguments; /* with those filled in, they were the function's own */
        return tb_return_prepared(&call, result);
    }
    memset(result, 0, sizeof *result);
    return 0;
}

int tb_return_doc(const tb_global *global, tvm_ffi_any *result)
{
    const tvm_ffi_byte_array bytes = tb_bytes_of(global->doc);
    return tb_tvm_ffi()->string_from_bytes(&bytes, result);
}

int tb_return_metadata(const tb_global *global, tvm_ffi_any *result)
{
    char *metadata = tb_schema(global->function, false);
    const tvm_ffi_byte_array bytes = tb_bytes_of(metadata == NULL ? "{}" : metadata);
    int status = tb_tvm_ffi()->string_from_bytes(&bytes, result);
    free(metadata);
    return status;
}
