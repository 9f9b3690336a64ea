/* Choosing among dtypes and constexpr values, and the alignment of pointers. */
#include "tb_arguments.h"

#include <stdio.h>
#include <string.h>

tritonbind_status tb_fail_alignment(const tb_function *function, int32_t index,
                                    const void *pointer, uintptr_t size)
{
    return tb_fail_argument(function, index, TRITONBIND_VALUE_ERROR,
                            "must be aligned to the %d bytes of its elements, "
                            "got the address 0x%llx",
                            (int)size, (unsigned long long)(uintptr_t)pointer);
}

int32_t tb_fail_dtype(const tb_function *function, int32_t index, tritonbind_dtype dtype)
{
    const tb_argument *argument = &function->arguments[index];
    char expected[256];
    size_t length = 0;
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

static bool is_choice(const tb_argument *argument, int32_t place, const char *text, size_t length)
{
    const char *choice = argument->string_choices[place];
    if (choice == NULL)
        return false;
    for (size_t i = 0; i < length; i++)
        if (choice[i] != text[i] || choice[i] == 0)
            return false;
    return choice[length] == 0;
}

static uint64_t word_at(const char *text)
{
    uint64_t word;
    memcpy(&word, text, sizeof word);
    return word;
}

/* The last eight bytes of a text, or all that it has, some of them twice. */
static uint64_t last_word(const char *text, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)text;
    uint32_t first, last;
    if (length >= 8)
        return word_at(text + length - 8);
    if (length >= 4) {
        memcpy(&first, text, sizeof first);
        memcpy(&last, text + length - 4, sizeof last);
        return first | (uint64_t)last << 32;
    }
    return length == 0 ? 0 : bytes[0] | bytes[length / 2] << 8 | bytes[length - 1] << 16;
}

/* The place of a text among the choices, or -1. Every machine that CUDA runs on has the low byte
 * of a number first, as the table does. */
static int32_t find_string(const tb_argument *argument, const char *text, size_t length)
{
    uint64_t at = tb_mix(0, length);
    if (argument->slots.places == NULL) {
        for (int32_t i = 0; i < argument->choice_count; i++)
            if (is_choice(argument, i, text, length))
                return i;
        return -1;
    }
    for (size_t i = 0; i + 8 < length; i += 8)
        at = tb_mix(at, word_at(text + i));
    at = tb_mix(at, last_word(text, length));
    for (;; at++) {
        int32_t place = argument->slots.places[at & argument->slots.mask];
        if (place < 0 || is_choice(argument, place, text, length))
            return place;
    }
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
    const tvm_ffi_any given = {.type_index = TVM_FFI_RAW_STRING, .value = {.text = value}};
    char text[TB_DESCRIPTION];
    int32_t place =
        value == NULL ? find_none(argument) : find_string(argument, value, strlen(value));
    if (place >= 0)
        return place;
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
    if (argument->nullable && call->values[index].type_index == TVM_FFI_NONE) {
        *value = NULL;
        return true;
    }
    if (text == NULL)
        return fail_choice(call, index, TRITONBIND_TYPE_ERROR);
    int32_t place = find_string(argument, text, length);
    if (place < 0)
        return fail_choice(call, index, TRITONBIND_VALUE_ERROR);
    *value = argument->string_choices[place];
    return true;
}
