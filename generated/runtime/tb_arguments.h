/* Shared by the coercion of arguments and the wording of its errors. */
#ifndef TB_ARGUMENTS_H
#define TB_ARGUMENTS_H

#include "tb_runtime.h"

#pragma GCC visibility push(hidden)

/* The tensor behind a value, or NULL. */
static inline const tb_dl_tensor *tb_tensor_of(const tvm_ffi_any *value)
{
    if (value->type_index == TVM_FFI_TENSOR)
        return (const void *)((const char *)value->value.pointer + sizeof(tvm_ffi_object));
    return value->type_index == TVM_FFI_DLTENSOR_POINTER ? value->value.pointer : NULL;
}

/* Whether a value is an integer of any size. */
static inline bool tb_is_integer(const tvm_ffi_any *value)
{
    return value->type_index == TVM_FFI_INT || value->type_index == TVM_FFI_BIG_INT;
}

/* Whether a value is an integer from 2^63 to 2^64 - 1, which arrives as a big integer. */
static inline bool tb_unsigned_of(const tvm_ffi_any *value, uint64_t *result)
{
    if (value->type_index != TVM_FFI_BIG_INT)
        return false;
    const tvm_ffi_big_int *big = value->value.pointer;
    if (big->word_count != 2 || big->words[1] != 0)
        return false;
    *result = big->words[0];
    return true;
}

/* The text of a string value, or NULL. */
const char *tb_string_of(const tvm_ffi_any *value, size_t *length);

/* How a value is called in a message, written to `text`. */
const char *tb_describe(const tvm_ffi_any *value, char *text, size_t size);

/* The full name of a Python object's type; nothing where no Python is found. */
void tb_name_type(void *object, char *text, size_t size);

/* A text on one line, cut between characters of UTF-8; whether all of it has found room. */
bool tb_copy_text(const char *data, size_t length, char *text, size_t size);

/* Sizes or strides as Python shows a tuple, cut where there are very many. */
const char *tb_list_sizes(const int64_t *sizes, int32_t count, char *text, size_t size);

/* Whether the process has all of these bytes in its address space, or cannot tell. */
bool tb_is_mapped(const void *address, size_t size);

tritonbind_status tb_fail_arity(const tb_function *function, int32_t count);

#define TB_DESCRIPTION 320

#pragma GCC visibility pop

#endif
