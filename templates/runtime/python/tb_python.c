/* Calls from Python that need no conversion by TVM FFI. All others go to the Python function that
 * this one stands for, which calls through TVM FFI. */
#include "tb_python.h"
#include "../core/tb_process.h"
#include "../tvm_ffi/tb_describe.h"
#include "tb_conversion.h"
#include "tb_cpython.h"
#include "tb_gil.h"
#include "tb_python_types.h"

#include <stdlib.h>
#include <string.h>

static tb_python_functions python; /* complete once anything is bound */

/* The layers below know nothing of Python, and are told what they may do with it. */
__attribute__((constructor)) static void tell_of_python(void)
{
    static const tb_pause pause = {tb_let_python_run, tb_stop_python};
    tb_pause_by(&pause);
    tb_name_types_by(tb_name_type);
}

/* An object of a type of our own: like a function of C, which Python has too, but with attributes,
 * such as the annotations that tools ask for. */
typedef struct callable {
    void *header[2]; /* PyObject */
    void *(*call)(void *self, void *const *arguments, size_t count, void *names);
    void *attributes, *weak_references;
    const tb_binding *binding;
} callable;

static void *call_from_python(void *self, void *const *arguments, size_t flagged_count, void *names)
{
    const tb_binding *binding = ((callable *)self)->binding;
    const intptr_t count = (intptr_t)(flagged_count & (SIZE_MAX >> 1));
    tb_conversion converted;
    tb_call call;
    if (!tb_convert(&python, &binding->parameters, &converted, arguments, count, names))
        return python.call(binding->stands_for, arguments, (size_t)count, names);
    void *state = python.release_gil();
    bool good =
        tb_begin(&call, binding->global, false, converted.arguments, binding->parameters.count);
    call.stream_is_current = converted.stream_is_current;
    good = good && binding->global->run(&call);
    python.take_gil(state);
    if (good) {
        python.retain(python.none);
        return python.none;
    }
    void **const errors[] = {NULL, python.type_error, python.value_error, python.runtime_error};
    return python.format_error(*errors[tb_last_status()], "%s\n%s", tb_last_error(),
                               binding->global->signature);
}

static void *represent(void *self)
{
    void *name = python.attribute(self, "__name__");
    void *text = name == NULL ? NULL : python.new_text("<built-in function %U>", name);
    if (name != NULL)
        python.release(name);
    return text;
}

/* As an attribute of a class it stays as it is, as a function of C does. */
static void *get(void *self, void *instance, void *owner)
{
    (void)instance;
    (void)owner;
    python.retain(self);
    return self;
}

/* Pickled by its name. */
static void *reduce(void *self, void *nothing)
{
    (void)nothing;
    return python.attribute(self, "__qualname__");
}

/* The type, made once; NULL where Python cannot have it. */
static void *callable_type(void)
{
    static tb_type_member members[] = {
        {"__vectorcalloffset__", TB_T_PYSSIZET, offsetof(callable, call), TB_READONLY, NULL},
        {"__dictoffset__", TB_T_PYSSIZET, offsetof(callable, attributes), TB_READONLY, NULL},
        {"__weaklistoffset__", TB_T_PYSSIZET, offsetof(callable, weak_references), TB_READONLY,
         NULL},
        {NULL, 0, 0, 0, NULL},
    };
    static tb_type_method methods[] = {
        {"__reduce__", reduce, TB_METH_NOARGS, NULL},
        {NULL, NULL, 0, NULL},
    };
    static void *made = NULL;
    if (made == NULL) {
        void *(*const repr)(void *) = represent;
        void *(*const bind)(void *, void *, void *) = get;
        tb_type_slot slots[] = {{TB_TP_CALL, NULL},       {TB_TP_REPR, NULL},
                                {TB_TP_DESCR_GET, NULL},  {TB_TP_MEMBERS, members},
                                {TB_TP_METHODS, methods}, {0, NULL}};
        tb_type_spec spec = {"tritonbind.function", sizeof(callable), 0,
                             TB_TPFLAGS_HAVE_VECTORCALL | TB_TPFLAGS_DISALLOW_INSTANTIATION, slots};
        memcpy(&slots[0].function, &python.call_object, sizeof slots[0].function);
        memcpy(&slots[1].function, &repr, sizeof slots[1].function);
        memcpy(&slots[2].function, &bind, sizeof slots[2].function);
        made = python.new_type(&spec);
    }
    return made;
}

void *tb_bind(tb_binding *binding, void *stands_for, void *names, void *defaults)
{
    const int32_t count = binding->global->function->argument_count + 1;
    if (!tb_find_python(&python) || count > TB_MOST_ARGUMENTS || python.tuple_size(names) != count)
        return NULL;
    void *type = python.type_of(stands_for);
    python.release(type);
    if (type != tb_type_of(stands_for))
        return NULL;
    tb_stay();
    const intptr_t required = count - python.tuple_size(defaults);
    void *made = callable_type();
    callable *bound = made == NULL ? NULL : python.new_object(made, 0);
    void **items = bound == NULL ? NULL : calloc(2 * (size_t)count, sizeof *items);
    void *const held[] = {bound, stands_for, names, defaults};
    python.clear_error();
    if (items == NULL)
        return NULL;
    for (size_t i = 0; i < sizeof held / sizeof *held; i++)
        python.retain(held[i]); /* for ever, as the function is there */
    for (int32_t i = 0; i < count; i++)
        items[i] = python.tuple_item(names, i);
    for (intptr_t i = required; i < count; i++)
        items[count + i] = python.tuple_item(defaults, i - required);
    binding->parameters = (tb_parameters){count, items, items + count};
    binding->stands_for = stands_for;
    bound->call = call_from_python;
    bound->binding = binding;
    return bound;
}
