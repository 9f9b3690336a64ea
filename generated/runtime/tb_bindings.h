/* All that functions need, besides the core, to be called through TVM FFI and from Python. */
#ifndef TB_BINDINGS_H
#define TB_BINDINGS_H

#include "python/tb_python.h"
#include "tvm_ffi/tb_constexprs.h"
#include "tvm_ffi/tb_numbers.h"
#include "tvm_ffi/tb_pointers.h"
#include "tvm_ffi/tb_register.h"
#include "tvm_ffi/tb_safe_call.h"
#include "tvm_ffi/tb_shapes.h"

#endif
