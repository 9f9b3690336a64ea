/* The functions of TVM FFI, found in the process: nothing is linked, so it stays optional. */
#ifndef TB_TVM_FFI_H
#define TB_TVM_FFI_H

#include "tvm_ffi_abi.h"

#pragma GCC visibility push(hidden)

typedef struct tb_tvm_ffi_functions {
    void *(*get_stream)(int32_t device_type, int32_t device);
    void (*set_raised)(const char *kind, const char **parts, int32_t count);
    int (*string_from_bytes)(const tvm_ffi_byte_array *bytes, tvm_ffi_any *result);
    int (*create)(void *self, tvm_ffi_safe_call call, void (*deleter)(void *self), void **function);
    int (*get_global)(const tvm_ffi_byte_array *name, void **function);
    int (*set_global)(const tvm_ffi_method_info *method, int override);
    int (*type_index)(const tvm_ffi_byte_array *key, int32_t *index);
    int (*retain)(void *object);
    int (*release)(void *object);
} tb_tvm_ffi_functions;

/* NULL while the process has no TVM FFI; never NULL inside a SafeCall, which TVM FFI makes. */
const tb_tvm_ffi_functions *tb_tvm_ffi(void);

/* The bytes of a text. */
tvm_ffi_byte_array tb_bytes_of(const char *text);

#pragma GCC visibility pop

#endif
