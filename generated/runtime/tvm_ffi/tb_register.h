/* Functions as globals of TVM FFI. */
#ifndef TB_REGISTER_H
#define TB_REGISTER_H

#include "tb_call.h"

#pragma GCC visibility push(hidden)

/* Registers the functions, and those that prepare their launches, as TVM FFI globals. A name that
 * is there stays as it is; without TVM FFI in the process nothing happens. Returns how many
 * functions were registered, or -1 on an error. */
int tb_register(const tb_global *const *globals, int32_t count);

#pragma GCC visibility pop

#endif
