/* Functions as globals of TVM FFI. */
#include "tb_register.h"
#include "../core/tb_process.h"
#include "tb_schema.h"
#include "tb_tvm_ffi.h"

#include <stdlib.h>

/* 1 when registered, 0 when the name is there already, -1 on an error. */
static int register_one(const tb_tvm_ffi_functions *ffi, const tb_global *global, const char *text,
                        tvm_ffi_safe_call call)
{
    const tvm_ffi_byte_array name = tb_bytes_of(text);
    void *object = NULL;
    char *metadata;
    if (ffi->get_global(&name, &object) != 0)
        return -1;
    if (object != NULL) {
        (void)ffi->release(object);
        return 0;
    }
    if (ffi->create(NULL, call, NULL, &object) != 0)
        return -1;
    metadata = tb_schema(global->function, call == global->prepare);
    tvm_ffi_method_info method = {
        .name = name,
        .doc = tb_bytes_of(global->doc),
        .metadata = tb_bytes_of(metadata == NULL ? "{}" : metadata),
        .method = {.type_index = TVM_FFI_FUNCTION, .value = {.pointer = object}},
    };
    int result = ffi->set_global(&method, 0);
    (void)ffi->release(object);
    free(metadata);
    return result == 0 ? 1 : -1;
}

static int register_both(const tb_tvm_ffi_functions *ffi, const tb_global *global)
{
    const int added = register_one(ffi, global, global->function->name, global->call);
    const int prepare = register_one(ffi, global, global->prepare_name, global->prepare);
    return prepare < 0 ? -1 : added;
}

/* By what it can do: a build of it may call itself by the version that comes next. */
static bool is_new_enough(const tb_tvm_ffi_functions *ffi)
{
    const char *parts[] = {"the functions of this library need TVM FFI 0.1.14 or later, and the "
                           "one in this process is "
                           "older: it has no integers from 2^63 on"};
    const tvm_ffi_byte_array key = tb_bytes_of("ffi.BigInt");
    int32_t index = 0;
    if (ffi->type_index(&key, &index) == 0)
        return true;
    ffi->set_raised("RuntimeError", parts, 1);
    return false;
}

int tb_register(const tb_global *const *globals, int32_t count)
{
    const tb_tvm_ffi_functions *ffi = tb_tvm_ffi();
    int added = 0;
    if (ffi == NULL)
        return 0;
    if (!is_new_enough(ffi))
        return -1;
    tb_stay();
    for (int32_t i = 0; i < count; i++) {
        int result = register_both(ffi, globals[i]);
        if (result < 0)
            return -1;
        added += result;
    }
    return added;
}
