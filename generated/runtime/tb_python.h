/* What a generated function needs to be a built-in function of Python. */
#ifndef TB_PYTHON_H
#define TB_PYTHON_H

#include "tb_runtime.h"

#pragma GCC visibility push(hidden)

/* A PyMethodDef. */
typedef struct tb_method {
    const char *name;
    void *(*call)(void *module, void *const *arguments, intptr_t count, void *names);
    int flags;
    const char *doc;
} tb_method;

typedef struct tb_binding {
    const tb_function *function;
    tb_method method;
    void *stands_for; /* the Python function that takes what this one cannot */
    int32_t count;    /* of the parameters, with the stream */
    void **names;
    void **defaults; /* NULL where there is none */
} tb_binding;

/* A new reference to the built-in function, or NULL where there can be none. */
void *tb_bind(tb_binding *binding, void *module, void *stands_for, void *names, void *defaults,
              void *text);

void *tb_call_from_python(const tb_binding *binding, void *const *arguments, intptr_t count,
                          void *names);

/* The built-in function of a function, made by `tritonbind.<external>.bind`. */
#define TB_DEFINE_PYTHON(symbol, external)                                                         \
    static tb_binding symbol##_binding;                                                            \
    static void *symbol##_python(void *module, void *const *arguments, intptr_t count,             \
                                 void *names)                                                      \
    {                                                                                              \
        (void)module;                                                                              \
        return tb_call_from_python(&symbol##_binding, arguments, count, names);                    \
    }                                                                                              \
    static tb_binding symbol##_binding = {&symbol##_function, {#symbol, symbol##_python, 0, ""},   \
                                          NULL, 0, NULL, NULL};                                    \
    static void *symbol##_bind(void *module, void *stands_for, void *names, void *defaults,        \
                               void *text)                                                         \
    {                                                                                              \
        return tb_bind(&symbol##_binding, module, stands_for, names, defaults, text);              \
    }                                                                                              \
    TB_OFFER("tritonbind." #external ".bind", symbol##_bind)

#pragma GCC visibility pop

#endif
