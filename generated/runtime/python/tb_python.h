/* What a generated function needs to be a built-in function of Python. */
#ifndef TB_PYTHON_H
#define TB_PYTHON_H

#include "../tvm_ffi/tb_call.h"
#include "../tvm_ffi/tb_safe_call.h"
#include "tb_conversion.h"

#pragma GCC visibility push(hidden)

typedef struct tb_binding {
    const tb_global *global;
    void *stands_for; /* the Python function that takes what the built-in one cannot */
    tb_parameters parameters;
} tb_binding;

/* A new reference to the built-in function, or NULL where there can be none. */
void *tb_bind(tb_binding *binding, void *stands_for, void *names, void *defaults);

/* The built-in function of a function, made by `tritonbind.<external>.bind`. */
#define TB_DEFINE_PYTHON(symbol, external)                                                         \
    static void *symbol##_bind(void *stands_for, void *names, void *defaults)                      \
    {                                                                                              \
        static tb_binding binding = {&symbol##_global, NULL, {0, NULL, NULL}};                     \
        return tb_bind(&binding, stands_for, names, defaults);                                     \
    }                                                                                              \
    TB_OFFER("tritonbind." #external ".bind", symbol##_bind)

#pragma GCC visibility pop

#endif
