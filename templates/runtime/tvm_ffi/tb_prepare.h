/* Prepared launches as TVM FFI functions. */
#ifndef TB_PREPARE_H
#define TB_PREPARE_H

#include "tb_call.h"

#pragma GCC visibility push(hidden)

/* A TVM FFI function that launches what the call has prepared; -1 with an error raised. */
int tb_return_prepared(tb_call *call, tvm_ffi_any *result);

#pragma GCC visibility pop

#endif
