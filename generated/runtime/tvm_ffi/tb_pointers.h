/* Coercion of tensors and addresses: each getter returns false, or NULL, after failing. */
#ifndef TB_POINTERS_H
#define TB_POINTERS_H

#include "tb_call.h"

#pragma GCC visibility push(hidden)

bool tb_get_pointer(tb_call *call, int32_t index, void **pointer);
bool tb_get_const_pointer(tb_call *call, int32_t index, const void **pointer);

/* The tensor of an argument, written to `tensor`; NULL after failing. */
const tritonbind_tensor *tb_get_tensor(tb_call *call, int32_t index, tritonbind_tensor *tensor);

/* The dtype that the tensors chose on an axis; index is the first pointer on that axis. */
bool tb_get_dtype(tb_call *call, int32_t index, tritonbind_dtype *dtype);

#pragma GCC visibility pop

#endif
