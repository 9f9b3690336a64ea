/* A call of a function through TVM FFI, and where it goes. */
#ifndef TB_CALL_H
#define TB_CALL_H

#include "../core/tb_launch.h"
#include "tvm_ffi_abi.h"

#pragma GCC visibility push(hidden)

#define TB_MOST_DTYPE_AXES 8

struct tb_call;

/* A function as TVM FFI has it: two globals, one that launches and one that prepares a launch. */
typedef struct tb_global {
    const tb_function *function;
    const char *prepare_name;
    const char *signature; /* shown below every message */
    const char *argument_names;
    const char *doc;
    bool (*run)(struct tb_call *call); /* all that a call asks for; false after failing */
    tvm_ffi_safe_call call;
    tvm_ffi_safe_call prepare;
} tb_global;

typedef struct tb_call {
    const tb_global *global;
    const tb_function *function;
    const tvm_ffi_any *arguments;
    int32_t count;
    int32_t device;                              /* of the tensors so far, or TB_CURRENT_DEVICE */
    int32_t device_index;                        /* the argument that decided it */
    tritonbind_dtype dtypes[TB_MOST_DTYPE_AXES]; /* the choice on each axis, or 0 */
    int32_t dtype_arguments[TB_MOST_DTYPE_AXES]; /* the argument that decided it */
    bool prepares;                               /* instead of launching at once */
    tritonbind_prepared *prepared;               /* what was made then */
    bool stream_is_current;                      /* nobody passed it: it was asked for */
} tb_call;

/* A call that prepares takes one more value behind the stream: where to ask for the stream that is
 * current at each launch, the address of a DLPack exchange API. */
bool tb_begin(tb_call *call, const tb_global *global, bool prepares, const tvm_ffi_any *arguments,
              int32_t count);

/* Where the call goes, by its device and its stream. */
bool tb_get_destination(tb_call *call, tb_destination *destination);

/* The stream that a value is, which is not None. */
bool tb_get_stream(const tb_function *function, const tvm_ffi_any *value, void **stream);

/* Raises the thread's last error through TVM FFI, with the function's signature below it. */
void tb_raise(const tb_global *global);

#pragma GCC visibility pop

#endif
