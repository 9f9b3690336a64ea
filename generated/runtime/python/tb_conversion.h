/* Arguments of Python as TVM FFI would give them. */
#ifndef TB_CONVERSION_H
#define TB_CONVERSION_H

#include "../core/tb_function.h"
#include "../tvm_ffi/tvm_ffi_abi.h"
#include "tb_cpython.h"

#pragma GCC visibility push(hidden)

#define TB_MOST_ARGUMENTS (TB_MOST_PARAMETERS + 1) /* with the stream */

/* The parameters of a function, by which arguments are put in order. */
typedef struct tb_parameters {
    int32_t count; /* with the stream */
    void **names;
    void **defaults; /* NULL where there is none */
} tb_parameters;

typedef struct tb_conversion {
    const tb_dl_exchange_api *library; /* of the first tensor on a CUDA device */
    int32_t device;                    /* which that is on */
    bool stream_is_current;            /* the library's, which nobody passed */
    tvm_ffi_any arguments[TB_MOST_ARGUMENTS];
    tb_dl_tensor tensors[TB_MOST_PARAMETERS];
} tb_conversion;

/* Whether all arguments are of kinds that are read here; `conversion` has them then. */
bool tb_convert(const tb_python_functions *python, const tb_parameters *parameters,
                tb_conversion *conversion, void *const *arguments, intptr_t count, void *names);

/* Where objects of all versions of the stable interface have their type. */
static inline void *tb_type_of(void *object)
{
    return ((void **)object)[1];
}

#pragma GCC visibility pop

#endif
