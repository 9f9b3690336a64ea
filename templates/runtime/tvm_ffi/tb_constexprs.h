/* The choice of a constexpr's value: each getter returns false after failing. */
#ifndef TB_CONSTEXPRS_H
#define TB_CONSTEXPRS_H

#include "tb_call.h"

#pragma GCC visibility push(hidden)

bool tb_get_int_choice(tb_call *call, int32_t index, int64_t *value);
bool tb_get_bool_choice(tb_call *call, int32_t index, bool *value);
bool tb_get_string_choice(tb_call *call, int32_t index, const char **value);

#pragma GCC visibility pop

#endif
