/* Calls from Python that need no conversion by TVM FFI: the common kinds of arguments are read here,
 * tensors through DLPack's C exchange API. All others go to the Python function that this one
 * stands for, which calls through TVM FFI. */
#include "tb_python.h"
#include "tb_arguments.h"
#include "tb_cpython.h"
#include "tb_process.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_TYPES = 32 };

static tb_python_functions python; /* complete once anything is bound */

/* Where objects of all versions of the stable interface have their type; `tb_bind` makes sure. */
static void *type_of(void *object)
{
    return ((void **)object)[1];
}

/* ---- tensors ---- */

/* Types of arguments that have come, with their libraries' functions; NULL for other types. */
static struct {
    void *type;
    const tb_dl_exchange_api *library;
} known[MOST_TYPES];
static int32_t known_count; /* published with release order */

static const tb_dl_exchange_api *ask_library(void *type)
{
    void *other = python.attribute(type, "__tvm_ffi_object__"); /* TVM FFI prefers it */
    void *capsule = other == NULL ? python.attribute(type, "__dlpack_c_exchange_api__") : NULL;
    const tb_dl_exchange_api *library = NULL;
    if (capsule != NULL) {
        library = python.capsule_pointer(capsule, "dlpack_exchange_api");
        python.release(capsule);
    }
    if (other != NULL)
        python.release(other);
    python.clear_error();
    return library != NULL && library->major == 1 && library->view != NULL
                   && library->current_stream != NULL
               ? library
               : NULL;
}

static const tb_dl_exchange_api *library_of(void *type)
{
    const int32_t count = __atomic_load_n(&known_count, __ATOMIC_ACQUIRE);
    for (int32_t i = 0; i < count; i++)
        if (known[i].type == type)
            return known[i].library;
    const tb_dl_exchange_api *library = ask_library(type);
    tb_lock();
    if (known_count < MOST_TYPES) {
        python.retain(type);
        known[known_count].type = type;
        known[known_count].library = library;
        __atomic_store_n(&known_count, known_count + 1, __ATOMIC_RELEASE);
    }
    tb_unlock();
    return library;
}

/* ---- arguments ---- */

typedef struct conversion {
    const tb_dl_exchange_api *library; /* of the first tensor on a CUDA device */
    int32_t device;                 /* which that is on */
    bool stream_is_current;         /* the library's, which nobody passed */
    tvm_ffi_any values[TB_MOST_PARAMETERS + 1];
    tb_dl_tensor tensors[TB_MOST_PARAMETERS];
} conversion;

static bool convert_tensor(conversion *call, int32_t index, void *object, void *type)
{
    const tb_dl_exchange_api *library = library_of(type);
    tb_dl_tensor *tensor = &call->tensors[index];
    if (library == NULL || index == TB_MOST_PARAMETERS)
        return false;
    if (library->view(object, tensor) != 0) {
        python.clear_error();
        return false;
    }
    call->values[index].type_index = TVM_FFI_DLTENSOR_POINTER;
    call->values[index].value.pointer = tensor;
    if (call->library == NULL && tensor->device.type == DL_CUDA) {
        call->library = library;
        call->device = tensor->device.index;
    }
    return true;
}

/* Whether the object is of a kind that is read here. */
static bool convert(conversion *call, int32_t index, void *object)
{
    tvm_ffi_any *value = &call->values[index];
    value->small_length = 0;
    if (object == python.none) {
        value->type_index = TVM_FFI_NONE;
        value->value.integer = 0;
        return true;
    }
    void *type = type_of(object);
    if (type == python.int_type) {
        int overflow = 0;
        value->type_index = TVM_FFI_INT;
        value->value.integer = python.integer(object, &overflow);
        return !overflow;
    }
    if (object == python.true_ || object == python.false_) {
        value->type_index = TVM_FFI_BOOL;
        value->value.integer = object == python.true_;
        return true;
    }
    if (type == python.float_type) {
        value->type_index = TVM_FFI_FLOAT;
        value->value.real = python.real(object);
        return true;
    }
    if (type == python.str_type) {
        intptr_t length = 0;
        value->type_index = TVM_FFI_RAW_STRING;
        value->value.text = python.text(object, &length);
        if (value->value.text == NULL)
            python.clear_error();
        return value->value.text != NULL && (size_t)length == strlen(value->value.text);
    }
    return convert_tensor(call, index, object, type);
}

/* The arguments in the order of the parameters, or NULL when they are not one for each. */
static void *const *in_order(const tb_binding *binding, void *const *arguments, intptr_t count,
                             void *names, void **ordered)
{
    const int32_t expected = binding->count;
    if (names == NULL && count == expected)
        return arguments;
    if (count > expected)
        return NULL;
    memcpy(ordered, arguments, (size_t)count * sizeof *ordered);
    memset(ordered + count, 0, (size_t)(expected - count) * sizeof *ordered);
    const intptr_t named = names == NULL ? 0 : python.tuple_size(names);
    for (intptr_t i = 0; i < named; i++) {
        const void *name = python.tuple_item(names, i);
        int32_t place = (int32_t)count;
        while (place < expected && binding->names[place] != name)
            place++;
        if (place == expected)
            return NULL;
        ordered[place] = arguments[count + i];
    }
    for (int32_t i = (int32_t)count; i < expected; i++) {
        if (ordered[i] == NULL)
            ordered[i] = binding->defaults[i];
        if (ordered[i] == NULL)
            return NULL;
    }
    return ordered;
}

static bool convert_all(const tb_binding *binding, conversion *call, void *const *arguments,
                        intptr_t count, void *names)
{
    void *ordered[TB_MOST_PARAMETERS + 1];
    void *const *given = in_order(binding, arguments, count, names, ordered);
    if (given == NULL)
        return false;
    call->library = NULL;
    call->stream_is_current = false;
    for (int32_t i = 0; i < binding->count; i++)
        if (!convert(call, i, given[i]))
            return false;
    tvm_ffi_any *stream = &call->values[binding->count - 1];
    if (stream->type_index == TVM_FFI_NONE && call->library != NULL) {
        call->stream_is_current = true;
        stream->type_index = TVM_FFI_OPAQUE_POINTER;
        if (call->library->current_stream(DL_CUDA, call->device, &stream->value.pointer) != 0) {
            python.clear_error();
            return false;
        }
    }
    return true;
}

/* ---- the built-in function ---- */

/* An object of a type of our own: like a function of C, which Python has too, but with attributes, such
 * as the annotations that tools ask for. */
typedef struct callable {
    void *header[2]; /* PyObject */
    void *(*call)(void *self, void *const *arguments, size_t count, void *names);
    void *attributes, *weak_references;
    const tb_binding *binding;
} callable;

static void *call_from_python(void *self, void *const *arguments, size_t flagged_count, void *names)
{
    const tb_binding *binding = ((callable *)self)->binding;
    const tb_function *function = binding->function;
    const intptr_t count = (intptr_t)(flagged_count & (SIZE_MAX >> 1));
    conversion converted;
    tb_call call;
    if (!convert_all(binding, &converted, arguments, count, names))
        return python.call(binding->stands_for, arguments, (size_t)count, names);
    void *state = python.release_gil();
    bool good = tb_begin(&call, function, false, converted.values, binding->count);
    call.stream_is_current = converted.stream_is_current;
    good = good && function->run(&call);
    python.take_gil(state);
    if (good) {
        python.retain(python.none);
        return python.none;
    }
    void **const errors[] = {NULL, python.type_error, python.value_error, python.runtime_error};
    return python.format_error(*errors[tb_last_status()], "%s\n%s", tb_last_error(),
                               function->signature);
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
        {"__weaklistoffset__", TB_T_PYSSIZET, offsetof(callable, weak_references), TB_READONLY, NULL},
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
        tb_type_slot slots[] = {{TB_TP_CALL, NULL}, {TB_TP_REPR, NULL}, {TB_TP_DESCR_GET, NULL},
                                {TB_TP_MEMBERS, members}, {TB_TP_METHODS, methods}, {0, NULL}};
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
    const int32_t count = binding->function->argument_count + 1;
    if (!tb_find_python(&python) || count > TB_MOST_PARAMETERS + 1
        || python.tuple_size(names) != count)
        return NULL;
    void *type = python.type_of(stands_for);
    python.release(type);
    if (type != type_of(stands_for))
        return NULL;
    tb_stay();
    const intptr_t required = count - python.tuple_size(defaults);
    void *made = callable_type();
    callable *bound = made == NULL ? NULL : python.new_object(made, 0);
    binding->names = bound == NULL ? NULL : calloc(2 * (size_t)count, sizeof *binding->names);
    python.clear_error();
    if (binding->names == NULL)
        return NULL;
    for (void *const *one = (void *[]){bound, stands_for, names, defaults, NULL}; *one; one++)
        python.retain(*one); /* for ever, as the function is there */
    binding->defaults = binding->names + count;
    for (int32_t i = 0; i < count; i++)
        binding->names[i] = python.tuple_item(names, i);
    for (intptr_t i = required; i < count; i++)
        binding->defaults[i] = python.tuple_item(defaults, i - required);
    binding->count = count;
    binding->stands_for = stands_for;
    bound->call = call_from_python;
    bound->binding = binding;
    return bound;
}
