/* Coercion of numbers: each getter returns false after failing. */
#ifndef TB_NUMBERS_H
#define TB_NUMBERS_H

#include "tb_call.h"

#pragma GCC visibility push(hidden)

bool tb_get_int8(tb_call *call, int32_t index, int8_t *value);
bool tb_get_int16(tb_call *call, int32_t index, int16_t *value);
bool tb_get_int32(tb_call *call, int32_t index, int32_t *value);
bool tb_get_int64(tb_call *call, int32_t index, int64_t *value);
bool tb_get_uint8(tb_call *call, int32_t index, uint8_t *value);
bool tb_get_uint16(tb_call *call, int32_t index, uint16_t *value);
bool tb_get_uint32(tb_call *call, int32_t index, uint32_t *value);
bool tb_get_uint64(tb_call *call, int32_t index, uint64_t *value);
bool tb_get_bool(tb_call *call, int32_t index, bool *value);
bool tb_get_float16(tb_call *call, int32_t index, uint16_t *bits);
bool tb_get_bfloat16(tb_call *call, int32_t index, uint16_t *bits);
bool tb_get_float(tb_call *call, int32_t index, float *value);
bool tb_get_double(tb_call *call, int32_t index, double *value);

/* `storage`, to be filled by a getter; or NULL when the argument is None. */
void *tb_unless_none(tb_call *call, int32_t index, void *storage);

#pragma GCC visibility pop

#endif
