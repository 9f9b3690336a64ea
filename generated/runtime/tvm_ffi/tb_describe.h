/* How values of TVM FFI are called in messages. */
#ifndef TB_DESCRIBE_H
#define TB_DESCRIBE_H

#include "../core/tb_text.h"
#include "tvm_ffi_abi.h"

#pragma GCC visibility push(hidden)

/* The text of a string value, or NULL. */
const char *tb_string_of(const tvm_ffi_any *value, size_t *length);

/* How a value is called in a message, written to `text`. */
const char *tb_describe(const tvm_ffi_any *value, char *text, size_t size);

/* How Python calls the type of an object, said once by who knows Python. */
typedef void (*tb_type_namer)(void *object, char *text, size_t size);
void tb_name_types_by(tb_type_namer namer);

#pragma GCC visibility pop

#endif
