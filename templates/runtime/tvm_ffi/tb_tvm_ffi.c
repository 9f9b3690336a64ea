/* Finding TVM FFI. */
#define _GNU_SOURCE
#include "tb_tvm_ffi.h"
#include "../core/tb_process.h"
#include "../core/tb_symbols.h"

#include <dlfcn.h>
#include <string.h>

static tb_tvm_ffi_functions functions;
static int found; /* 1 when complete, published with release order */

#define SYMBOL(member, name) TB_SYMBOL(tb_tvm_ffi_functions, member, name)

static const tb_symbol symbols[] = {
    SYMBOL(get_stream, "TVMFFIEnvGetStream"),
    SYMBOL(set_raised, "TVMFFIErrorSetRaisedFromCStrParts"),
    SYMBOL(string_from_bytes, "TVMFFIStringFromByteArray"),
    SYMBOL(create, "TVMFFIFunctionCreate"),
    SYMBOL(get_global, "TVMFFIFunctionGetGlobal"),
    SYMBOL(set_global, "TVMFFIFunctionSetGlobalFromMethodInfo"),
    SYMBOL(type_index, "TVMFFITypeKeyToIndex"),
    SYMBOL(retain, "TVMFFIObjectIncRef"),
    SYMBOL(release, "TVMFFIObjectDecRef"),
};

/* A loaded libtvm_ffi is found by its name even where its symbols are local to its loader; one
 * that is part of the program itself is found in the global scope. */
const tb_tvm_ffi_functions *tb_tvm_ffi(void)
{
    if (__atomic_load_n(&found, __ATOMIC_ACQUIRE))
        return &functions;
    tb_tvm_ffi_functions candidate;
    void *library = dlopen("libtvm_ffi.so", RTLD_LAZY | RTLD_NOLOAD);
    if (tb_find_symbols(library, symbols, sizeof symbols / sizeof *symbols, &candidate) != NULL)
        return NULL;
    tb_lock();
    if (!found) {
        functions = candidate;
        __atomic_store_n(&found, 1, __ATOMIC_RELEASE);
    }
    tb_unlock();
    return &functions;
}

tvm_ffi_byte_array tb_bytes_of(const char *text)
{
    const tvm_ffi_byte_array bytes = {text, strlen(text)};
    return bytes;
}
