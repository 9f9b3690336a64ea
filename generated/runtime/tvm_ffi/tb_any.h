/* What is behind a value of TVM FFI. */
#ifndef TB_ANY_H
#define TB_ANY_H

#include "tvm_ffi_abi.h"

#include <stdbool.h>

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

#pragma GCC visibility pop

#endif
