/* Choosing among dtypes and constexpr values, and the alignment of pointers. */
#include "tb_choices.h"
#include "tb_dtypes.h"
#include "tb_text.h"

#include <string.h>

tritonbind_status tb_fail_alignment(const tb_function *function, int32_t index, const void *pointer,
                                    uintptr_t size)
{
    return tb_fail_argument(function, index, TRITONBIND_VALUE_ERROR,
                            "must be aligned to the %d bytes of its elements, "
                            "got the address 0x%llx",
                            (int)size, (unsigned long long)(uintptr_t)pointer);
}

int32_t tb_fail_dtype(const tb_function *function, int32_t index, tritonbind_dtype dtype)
{
    char expected[256];
    tb_list_dtypes(&function->arguments[index], expected, sizeof expected);
    tb_fail_argument(function, index, TRITONBIND_VALUE_ERROR,
                     "must be of dtype %s, got tritonbind_dtype %d", expected, (int)dtype);
    return -1;
}

int32_t tb_choose_int(const tb_function *function, int32_t index, int64_t value)
{
    const tb_argument *argument = &function->arguments[index];
    int32_t place =
        tb_find_int(argument->int_choices, argument->choice_count, &argument->slots, value);
    return place >= 0 ? place : tb_fail_int(function, index, value);
}

int32_t tb_fail_int(const tb_function *function, int32_t index, int64_t value)
{
    tb_fail_argument(function, index, TRITONBIND_VALUE_ERROR, "must be one of %s, got %lld",
                     function->arguments[index].choices, (long long)value);
    return -1;
}

/* The place of None among the choices, or -1. */
static int32_t find_none(const tb_argument *argument)
{
    int32_t place = argument->nullable ? 0 : -1;
    while (place >= 0 && argument->string_choices[place] != NULL)
        place++;
    return place;
}

int32_t tb_choose_string(const tb_function *function, int32_t index, const char *value)
{
    const tb_argument *argument = &function->arguments[index];
    char text[TB_DESCRIPTION] = "NULL";
    int32_t place = value == NULL ? find_none(argument)
                                  : tb_find_text(argument->string_choices, argument->choice_count,
                                                 &argument->slots, value, strlen(value));
    if (place >= 0)
        return place;
    if (value != NULL)
        tb_describe_text(value, strlen(value), text, sizeof text);
    tb_fail_argument(function, index, TRITONBIND_VALUE_ERROR, "must be one of %s, got %s",
                     argument->choices, text);
    return -1;
}
