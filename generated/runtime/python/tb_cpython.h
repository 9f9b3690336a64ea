/* CPython's stable interface, found in the process: nothing is compiled against it or linked to
 * it. */
#ifndef TB_CPYTHON_H
#define TB_CPYTHON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

enum { TB_METH_NOARGS = 4, TB_READONLY = 1, TB_T_PYSSIZET = 19 };
enum { TB_TP_CALL = 50, TB_TP_DESCR_GET = 54, TB_TP_METHODS = 64, TB_TP_REPR = 66 };
enum { TB_TP_MEMBERS = 72 };
enum { TB_TPFLAGS_DISALLOW_INSTANTIATION = 1 << 7, TB_TPFLAGS_HAVE_VECTORCALL = 1 << 11 };

typedef struct tb_type_slot {
    int slot;
    void *function;
} tb_type_slot;

typedef struct tb_type_spec {
    const char *name;
    int size, item_size;
    unsigned int flags;
    tb_type_slot *slots;
} tb_type_spec;

typedef struct tb_type_member {
    const char *name;
    int type;
    intptr_t offset;
    int flags;
    const char *doc;
} tb_type_member;

typedef struct tb_type_method {
    const char *name;
    void *(*call)(void *self, void *arguments);
    int flags;
    const char *doc;
} tb_type_method;

typedef struct tb_python_functions {
    void *(*new_type)(tb_type_spec *spec);
    void *(*new_object)(void *type, intptr_t count);
    void *(*call_object)(void *object, void *arguments, void *names);
    void *(*new_text)(const char *format, ...);
    void *(*call)(void *function, void *const *arguments, size_t count, void *names);
    void *(*type_of)(void *object);
    void (*retain)(void *object);
    void (*release)(void *object);
    long long (*integer)(void *object, int *overflow);
    double (*real)(void *object);
    const char *(*text)(void *object, intptr_t *length);
    void *(*attribute)(void *object, const char *name);
    void *(*capsule_pointer)(void *capsule, const char *name);
    intptr_t (*tuple_size)(void *tuple);
    void *(*tuple_item)(void *tuple, intptr_t index);
    void *(*format_error)(void *type, const char *format, ...);
    void (*clear_error)(void);
    void *(*release_gil)(void);
    void (*take_gil)(void *state);
    int (*enter)(void); /* from any thread */
    void (*leave)(int state);
    void *int_type, *float_type, *str_type, *none, *true_, *false_;
    void **type_error, **value_error, **runtime_error;
} tb_python_functions;

/* Whether the process has them all; `python` is filled in then. */
bool tb_find_python(tb_python_functions *python);

#pragma GCC visibility pop

#endif
