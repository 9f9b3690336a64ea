/* Choosing among dtypes and constexpr values, and the alignment of pointers. */
#include "tb_arguments.h"

#include <stdio.h>
#include <string.h>

tritonbind_status tb_check_alignment(const tb_function *function, int32_t index,
                                     const void *pointer, uintptr_t size)
{
    if (((uintptr_t)pointer & (size - 1)) == 0)
        return TRITONBIND_OK;
    return tb_fail_argument(function, index, TRITONBIND_VALUE_ERROR,
                            "must be aligned to the %d bytes of its elements, "
                            "got the address 0x%llx",
                            (int)size, (unsigned long long)(uintptr_t)pointer);
}

int32_t tb_choose_dtype(const tb_function *function, int32_t index, tritonbind_dtype dtype)
{
    const tb_argument *argument = &function->arguments[index];
    char expected[256];
    size_t length = 0;
    for (int32_t i = 0; i < argument->dtype_count; i++)
        if (argument->dtypes[i].id == dtype)
            return i;
    expected[0] = 0;
    for (int32_t i = 0; i < argument->dtype_count && length < sizeof expected; i++)
        length += (size_t)snprintf(expected + length, sizeof expected - length, "%s%s",
                                   i == 0 ? "" : " or ", argument->dtypes[i].name);
    tb_fail_argument(function, index, TRITONBIND_VALUE_ERROR,
                     "must be of dtype %s, got tritonbind_dtype %d", expected, (int)dtype);
    return -1;
}

int32_t tb_choose_int(const tb_function *function, int32_t index, int64_t value)
{
    const tb_argument *argument = &function->arguments[index];
    for (int32_t i = 0; i < argument->choice_count; i++)
        if (argument->int_choices[i] == value)
            return i;
    tb_fail_argument(function, index, TRITONBIND_VALUE_ERROR, "must be one of %s, got %lld",
                     argument->choices, (long long)value);
    return -1;
}

int32_t tb_choose_string(const tb_function *function, int32_t index, const char *value)
{
    const tb_argument *argument = &function->arguments[index];
    const tvm_ffi_any given = {.type_index = TVM_FFI_RAW_STRING, .value = {.text = value}};
    char text[TB_DESCRIPTION];
    for (int32_t i = 0; value != NULL && i < argument->choice_count; i++)
        if (strcmp(argument->string_choices[i], value) == 0)
            return i;
    tb_fail_argument(function, index, TRITONBIND_VALUE_ERROR, "must be one of %s, got %s",
                     argument->choices,
                     value == NULL ? "NULL" : tb_describe(&given, text, sizeof text));
    return -1;
}

static bool fail_choice(tb_call *call, int32_t index, tritonbind_status status)
{
    char text[TB_DESCRIPTION];
    tb_fail_argument(call->function, index, status, "must be one of %s, got %s",
                     call->function->arguments[index].choices,
                     tb_describe(&call->values[index], text, sizeof text));
    return false;
}

bool tb_get_int_choice(tb_call *call, int32_t index, int64_t *value)
{
    if (call->values[index].type_index == TVM_FFI_BIG_INT)
        return fail_choice(call, index, TRITONBIND_VALUE_ERROR);
    if (call->values[index].type_index != TVM_FFI_INT)
        return fail_choice(call, index, TRITONBIND_TYPE_ERROR);
    *value = call->values[index].value.integer;
    return tb_choose_int(call->function, index, *value) >= 0;
}

bool tb_get_bool_choice(tb_call *call, int32_t index, bool *value)
{
    if (call->values[index].type_index != TVM_FFI_BOOL)
        return fail_choice(call, index, TRITONBIND_TYPE_ERROR);
    *value = call->values[index].value.integer != 0;
    return tb_choose_int(call->function, index, *value) >= 0;
}

bool tb_get_string_choice(tb_call *call, int32_t index, const char **value)
{
    const tb_argument *argument = &call->function->arguments[index];
    size_t length = 0;
    const char *text = tb_string_of(&call->values[index], &length);
    if (text == NULL)
        return fail_choice(call, index, TRITONBIND_TYPE_ERROR);
    for (int32_t i = 0; i < argument->choice_count; i++) {
        *value = argument->string_choices[i];
        if (strlen(*value) == length && memcmp(*value, text, length) == 0)
            return true;
    }
    return fail_choice(call, index, TRITONBIND_VALUE_ERROR);
}
