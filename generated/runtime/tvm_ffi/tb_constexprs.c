/* The choice of a constexpr's value. */
#include "tb_constexprs.h"
#include "../core/tb_choices.h"
#include "tb_describe.h"

static bool fail_choice(tb_call *call, int32_t index, tritonbind_status status)
{
    char text[TB_DESCRIPTION];
    tb_fail_argument(call->function, index, status, "must be one of %s, got %s",
                     call->function->arguments[index].choices,
                     tb_describe(&call->arguments[index], text, sizeof text));
    return false;
}

bool tb_get_int_choice(tb_call *call, int32_t index, int64_t *value)
{
    if (call->arguments[index].type_index == TVM_FFI_BIG_INT)
        return fail_choice(call, index, TRITONBIND_VALUE_ERROR);
    if (call->arguments[index].type_index != TVM_FFI_INT)
        return fail_choice(call, index, TRITONBIND_TYPE_ERROR);
    *value = call->arguments[index].value.integer;
    return tb_choose_int(call->function, index, *value) >= 0;
}

bool tb_get_bool_choice(tb_call *call, int32_t index, bool *value)
{
    if (call->arguments[index].type_index != TVM_FFI_BOOL)
        return fail_choice(call, index, TRITONBIND_TYPE_ERROR);
    *value = call->arguments[index].value.integer != 0;
    return tb_choose_int(call->function, index, *value) >= 0;
}

bool tb_get_string_choice(tb_call *call, int32_t index, const char **value)
{
    const tb_argument *argument = &call->function->arguments[index];
    size_t length = 0;
    const char *text = tb_string_of(&call->arguments[index], &length);
    if (argument->nullable && call->arguments[index].type_index == TVM_FFI_NONE) {
        *value = NULL;
        return true;
    }
    if (text == NULL)
        return fail_choice(call, index, TRITONBIND_TYPE_ERROR);
    int32_t place = tb_find_text(argument->string_choices, argument->choice_count, &argument->slots,
                                 text, length);
    if (place < 0)
        return fail_choice(call, index, TRITONBIND_VALUE_ERROR);
    *value = argument->string_choices[place];
    return true;
}
