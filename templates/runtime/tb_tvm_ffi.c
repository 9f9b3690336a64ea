/* Finding TVM FFI, registering functions with it, and raising errors through it. */
#define _GNU_SOURCE
#include "tb_tvm_ffi.h"
#include "tb_arguments.h"
#include "tb_process.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

static tb_tvm_ffi_functions functions;
static int found; /* 1 when complete, published with release order */

typedef struct entry_point {
    const char *name;
    size_t offset;
} entry_point;

#define ENTRY(member, name) {name, offsetof(tb_tvm_ffi_functions, member)}

static const entry_point entry_points[] = {
    ENTRY(get_stream, "TVMFFIEnvGetStream"),
    ENTRY(set_raised, "TVMFFIErrorSetRaisedFromCStrParts"),
    ENTRY(string_from_bytes, "TVMFFIStringFromByteArray"),
    ENTRY(create, "TVMFFIFunctionCreate"),
    ENTRY(get_global, "TVMFFIFunctionGetGlobal"),
    ENTRY(set_global, "TVMFFIFunctionSetGlobalFromMethodInfo"),
    ENTRY(type_index, "TVMFFITypeKeyToIndex"),
    ENTRY(retain, "TVMFFIObjectIncRef"),
    ENTRY(release, "TVMFFIObjectDecRef"),
};

/* A loaded libtvm_ffi is found by its name even where its symbols are local to its loader; one
 * that is part of the program itself is found in the global scope. */
const tb_tvm_ffi_functions *tb_tvm_ffi(void)
{
    if (__atomic_load_n(&found, __ATOMIC_ACQUIRE))
        return &functions;
    tb_tvm_ffi_functions candidate;
    void *library = dlopen("libtvm_ffi.so", RTLD_LAZY | RTLD_NOLOAD);
    if (library == NULL)
        library = RTLD_DEFAULT;
    for (size_t i = 0; i < sizeof entry_points / sizeof *entry_points; i++) {
        void *symbol = dlsym(library, entry_points[i].name);
        if (symbol == NULL)
            return NULL;
        memcpy((char *)&candidate + entry_points[i].offset, &symbol, sizeof symbol);
    }
    tb_lock();
    if (!found) {
        functions = candidate;
        __atomic_store_n(&found, 1, __ATOMIC_RELEASE);
    }
    tb_unlock();
    return &functions;
}

static tvm_ffi_byte_array bytes_of(const char *text)
{
    const tvm_ffi_byte_array bytes = {text, strlen(text)};
    return bytes;
}

/* 1 when registered, 0 when the name is there already, -1 on an error. */
static int register_one(const tb_tvm_ffi_functions *ffi, const tb_function *function,
                        const char *text, tvm_ffi_safe_call call)
{
    const tvm_ffi_byte_array name = bytes_of(text);
    void *object = NULL;
    char *metadata;
    if (ffi->get_global(&name, &object) != 0)
        return -1;
    if (object != NULL) {
        (void)ffi->release(object);
        return 0;
    }
    if (ffi->create(NULL, call, NULL, &object) != 0)
        return -1;
    metadata = tb_schema(function, call == function->prepare);
    tvm_ffi_method_info method = {
        .name = name,
        .doc = bytes_of(function->doc),
        .metadata = bytes_of(metadata == NULL ? "{}" : metadata),
        .method = {.type_index = TVM_FFI_FUNCTION, .value = {.pointer = object}},
    };
    int result = ffi->set_global(&method, 0);
    (void)ffi->release(object);
    free(metadata);
    return result == 0 ? 1 : -1;
}

static int register_both(const tb_tvm_ffi_functions *ffi, const tb_function *function)
{
    const int added = register_one(ffi, function, function->name, function->call);
    const int prepare = register_one(ffi, function, function->prepare_name, function->prepare);
    return prepare < 0 ? -1 : added;
}

/* By what it can do: a build of it may call itself by the version that comes next. */
static bool is_new_enough(const tb_tvm_ffi_functions *ffi)
{
    const char *parts[] = {
        "the functions of this library need TVM FFI 0.1.14 or later, and the one in this process is "
        "older: it has no integers from 2^63 on"};
    const tvm_ffi_byte_array key = bytes_of("ffi.BigInt");
    int32_t index = 0;
    if (ffi->type_index(&key, &index) == 0)
        return true;
    ffi->set_raised("RuntimeError", parts, 1);
    return false;
}

int tb_register(const tb_function *const *registered, int32_t count)
{
    const tb_tvm_ffi_functions *ffi = tb_tvm_ffi();
    int added = 0;
    if (ffi == NULL)
        return 0;
    if (!is_new_enough(ffi))
        return -1;
    tb_stay();
    for (int32_t i = 0; i < count; i++) {
        int result = register_both(ffi, registered[i]);
        if (result < 0)
            return -1;
        added += result;
    }
    return added;
}

void tb_raise(const tb_function *function)
{
    static const char *const kinds[] = {"", "TypeError", "ValueError", "RuntimeError"};
    const char *parts[] = {tb_last_error(), "\n", function->signature};
    tb_tvm_ffi()->set_raised(kinds[tb_last_status()], parts, 3);
}

int tb_safe_call(const tb_function *function, bool prepares, const tvm_ffi_any *arguments,
                 int32_t count, tvm_ffi_any *result)
{
    tb_call call;
    if (!tb_begin(&call, function, prepares, arguments, count) || !function->run(&call)) {
        tb_raise(function);
        return -1;
    }
    if (prepares) {
        call.values = arguments; /* with those filled in, they were the function's own */
        return tb_return_prepared(&call, result);
    }
    memset(result, 0, sizeof *result);
    return 0;
}

int tb_return_doc(const tb_function *function, tvm_ffi_any *result)
{
    const tvm_ffi_byte_array bytes = bytes_of(function->doc);
    return tb_tvm_ffi()->string_from_bytes(&bytes, result);
}

int tb_return_metadata(const tb_function *function, tvm_ffi_any *result)
{
    char *metadata = tb_schema(function, false);
    const tvm_ffi_byte_array bytes = bytes_of(metadata == NULL ? "{}" : metadata);
    int status = tb_tvm_ffi()->string_from_bytes(&bytes, result);
    free(metadata);
    return status;
}
