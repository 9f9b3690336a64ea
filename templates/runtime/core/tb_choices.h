/* Choosing among dtypes and constexpr values, and the alignment of pointers. */
#ifndef TB_CHOICES_H
#define TB_CHOICES_H

#include "tb_error.h"

#pragma GCC visibility push(hidden)

/* Whether a pointer has the alignment that its elements need; fails otherwise. */
tritonbind_status tb_fail_alignment(const tb_function *function, int32_t index, const void *pointer,
                                    uintptr_t size) TB_COLD;
static inline tritonbind_status tb_check_alignment(const tb_function *function, int32_t index,
                                                   const void *pointer, uintptr_t size)
{
    return ((uintptr_t)pointer & (size - 1)) == 0
               ? TRITONBIND_OK
               : tb_fail_alignment(function, index, pointer, size);
}

/* The index of a constexpr's value among its choices, or -1 after failing. */
int32_t tb_choose_int(const tb_function *function, int32_t index, int64_t value);
int32_t tb_choose_string(const tb_function *function, int32_t index, const char *value);

/* Fail for a constexpr's value, or the dtype of a pointer, that is not among the choices: -1. */
int32_t tb_fail_int(const tb_function *function, int32_t index, int64_t value) TB_COLD;
int32_t tb_fail_dtype(const tb_function *function, int32_t index, tritonbind_dtype dtype) TB_COLD;

static inline bool tb_fits_int32(int64_t value)
{
    return value >= INT32_MIN && value <= INT32_MAX;
}

static inline bool tb_divisible_by_16(const void *pointer)
{
    return ((uintptr_t)pointer & 15) == 0;
}

#pragma GCC visibility pop

#endif
