/* Arguments of Python as TVM FFI would give them: the common kinds are read here, tensors through
 * DLPack's C exchange API. */
#include "tb_conversion.h"
#include "../core/tb_process.h"

#include <string.h>

enum { MOST_TYPES = 32 };

/* ---- tensors ---- */

/* Types of arguments that have come, with their libraries' functions; NULL for other types. */
static struct {
    void *type;
    const tb_dl_exchange_api *library;
} known[MOST_TYPES];
static int32_t known_count; /* published with release order */

static const tb_dl_exchange_api *ask_library(const tb_python_functions *python, void *type)
{
    void *other = python->attribute(type, "__tvm_ffi_object__"); /* TVM FFI prefers it */
    void *capsule = other == NULL ? python->attribute(type, "__dlpack_c_exchange_api__") : NULL;
    const tb_dl_exchange_api *library = NULL;
    if (capsule != NULL) {
        library = python->capsule_pointer(capsule, "dlpack_exchange_api");
        python->release(capsule);
    }
    if (other != NULL)
        python->release(other);
    python->clear_error();
    return library != NULL && library->major == 1 && library->view != NULL
                   && library->current_stream != NULL
               ? library
               : NULL;
}

static const tb_dl_exchange_api *library_of(const tb_python_functions *python, void *type)
{
    const int32_t count = __atomic_load_n(&known_count, __ATOMIC_ACQUIRE);
    for (int32_t i = 0; i < count; i++)
        if (known[i].type == type)
            return known[i].library;
    const tb_dl_exchange_api *library = ask_library(python, type);
    tb_lock();
    if (known_count < MOST_TYPES) {
        python->retain(type);
        known[known_count].type = type;
        known[known_count].library = library;
        __atomic_store_n(&known_count, known_count + 1, __ATOMIC_RELEASE);
    }
    tb_unlock();
    return library;
}

/* ---- arguments ---- */

static bool convert_tensor(const tb_python_functions *python, tb_conversion *call, int32_t index,
                           void *object, void *type)
{
    const tb_dl_exchange_api *library = library_of(python, type);
    tb_dl_tensor *tensor = &call->tensors[index];
    if (library == NULL || index == TB_MOST_PARAMETERS)
        return false;
    if (library->view(object, tensor) != 0) {
        python->clear_error();
        return false;
    }
    call->arguments[index].type_index = TVM_FFI_DLTENSOR_POINTER;
    call->arguments[index].value.pointer = tensor;
    if (call->library == NULL && tensor->device.type == DL_CUDA) {
        call->library = library;
        call->device = tensor->device.index;
    }
    return true;
}

/* Whether the object is of a kind that is read here. */
static bool convert(const tb_python_functions *python, tb_conversion *call, int32_t index,
                    void *object)
{
    tvm_ffi_any *value = &call->arguments[index];
    value->small_length = 0;
    if (object == python->none) {
        value->type_index = TVM_FFI_NONE;
        value->value.integer = 0;
        return true;
    }
    void *type = tb_type_of(object);
    if (type == python->int_type) {
        int overflow = 0;
        value->type_index = TVM_FFI_INT;
        value->value.integer = python->integer(object, &overflow);
        return !overflow;
    }
    if (object == python->true_ || object == python->false_) {
        value->type_index = TVM_FFI_BOOL;
        value->value.integer = object == python->true_;
        return true;
    }
    if (type == python->float_type) {
        value->type_index = TVM_FFI_FLOAT;
        value->value.real = python->real(object);
        return true;
    }
    if (type == python->str_type) {
        intptr_t length = 0;
        value->type_index = TVM_FFI_RAW_STRING;
        value->value.text = python->text(object, &length);
        if (value->value.text == NULL)
            python->clear_error();
        return value->value.text != NULL && (size_t)length == strlen(value->value.text);
    }
    return convert_tensor(python, call, index, object, type);
}

/* The arguments in the order of the parameters, or NULL when they are not one for each. */
static void *const *in_order(const tb_python_functions *python, const tb_parameters *parameters,
                             void *const *arguments, intptr_t count, void *names, void **ordered)
{
    const int32_t expected = parameters->count;
    if (names == NULL && count == expected)
        return arguments;
    if (count > expected)
        return NULL;
    memcpy(ordered, arguments, (size_t)count * sizeof *ordered);
    memset(ordered + count, 0, (size_t)(expected - count) * sizeof *ordered);
    const intptr_t named = names == NULL ? 0 : python->tuple_size(names);
    for (intptr_t i = 0; i < named; i++) {
        const void *name = python->tuple_item(names, i);
        int32_t place = (int32_t)count;
        while (place < expected && parameters->names[place] != name)
            place++;
        if (place == expected)
            return NULL;
        ordered[place] = arguments[count + i];
    }
    for (int32_t i = (int32_t)count; i < expected; i++) {
        if (ordered[i] == NULL)
            ordered[i] = parameters->defaults[i];
        if (ordered[i] == NULL)
            return NULL;
    }
    return ordered;
}

bool tb_convert(const tb_python_functions *python, const tb_parameters *parameters,
                tb_conversion *call, void *const *arguments, intptr_t count, void *names)
{
    void *ordered[TB_MOST_PARAMETERS + 1];
    void *const *given = in_order(python, parameters, arguments, count, names, ordered);
    if (given == NULL)
        return false;
    call->library = NULL;
    call->stream_is_current = false;
    for (int32_t i = 0; i < parameters->count; i++)
        if (!convert(python, call, i, given[i]))
            return false;
    tvm_ffi_any *stream = &call->arguments[parameters->count - 1];
    if (stream->type_index == TVM_FFI_NONE && call->library != NULL) {
        call->stream_is_current = true;
        stream->type_index = TVM_FFI_OPAQUE_POINTER;
        if (call->library->current_stream(DL_CUDA, call->device, &stream->value.pointer) != 0) {
            python->clear_error();
            return false;
        }
    }
    return true;
}
