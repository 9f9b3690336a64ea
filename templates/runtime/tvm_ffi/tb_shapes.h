/* What the sizes of tensors must be, and what they tell. */
#ifndef TB_SHAPES_H
#define TB_SHAPES_H

#include "tb_call.h"

#pragma GCC visibility push(hidden)

/* A tensor passed for the argument must be row-major with at least the product of the sizes. */
bool tb_check_shape(tb_call *call, int32_t index, const int64_t *sizes, int32_t count);

/* Where ints were left out, copies the arguments to `filled` with those, and goes on with it. */
bool tb_fill_in(tb_call *call, tvm_ffi_any *filled);

/* A number of a tensor argument; `place` is a dimension, counted from the last where negative, and
 * `rank` how many there must be, unless 0. */
typedef enum tb_fact { TB_SHAPE, TB_STRIDE, TB_NUMEL, TB_NDIM } tb_fact;
bool tb_get_fact(tb_call *call, int32_t index, tb_fact fact, int32_t place, int32_t rank,
                 int64_t *value);

#pragma GCC visibility pop

#endif
