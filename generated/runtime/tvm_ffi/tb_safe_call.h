/* A function as TVM FFI calls and finds it. */
#ifndef TB_SAFE_CALL_H
#define TB_SAFE_CALL_H

#include "../core/tb_macros.h"
#include "tb_call.h"

#pragma GCC visibility push(hidden)

/* A SafeCall: 0 with None or the prepared launch as the result, or -1 with the error raised. */
int tb_safe_call(const tb_global *global, bool prepares, const tvm_ffi_any *arguments,
                 int32_t count, tvm_ffi_any *result);

/* Answer `__tvm_ffi__doc_*` and `__tvm_ffi__metadata_*` calls. */
int tb_return_doc(const tb_global *global, tvm_ffi_any *result);
int tb_return_metadata(const tb_global *global, tvm_ffi_any *result);

/* `name` is `function` for others: TVM FFI looks for it in the library. */
#define TB_OFFER(name, function)                                                                   \
    TB_EXPORT extern __typeof__(function) tb_offer_##function __asm__(name)                        \
        __attribute__((alias(#function)))

/* A function's SafeCalls, under names of the file's own: TVM FFI is given these. */
#define TB_DECLARE_CALLS(symbol)                                                                   \
    static int symbol##_safecall(void *self, const tvm_ffi_any *arguments, int32_t count,          \
                                 tvm_ffi_any *result);                                             \
    static int symbol##_safeprepare(void *self, const tvm_ffi_any *arguments, int32_t count,       \
                                    tvm_ffi_any *result)
#define TB_DEFINE_SAFE(name, body)                                                                 \
    static int name(void *self, const tvm_ffi_any *arguments, int32_t count, tvm_ffi_any *result)  \
    {                                                                                              \
        (void)self;                                                                                \
        (void)arguments;                                                                           \
        (void)count;                                                                               \
        return body;                                                                               \
    }

/* The SafeCalls, and the symbols by which TVM FFI finds in a library the function, the one that
 * prepares its launch, its doc and its type schema; `external` is what the symbols say. Both are
 * pasted here and never passed on, so that none is taken for a macro. */
#define TB_DEFINE_CALLS(symbol, external)                                                          \
    TB_DEFINE_SAFE(symbol##_safecall,                                                              \
                   tb_safe_call(&symbol##_global, false, arguments, count, result))                \
    TB_DEFINE_SAFE(symbol##_safeprepare,                                                           \
                   tb_safe_call(&symbol##_global, true, arguments, count, result))                 \
    TB_DEFINE_SAFE(symbol##_safedoc, tb_return_doc(&symbol##_global, result))                      \
    TB_DEFINE_SAFE(symbol##_safemetadata, tb_return_metadata(&symbol##_global, result))            \
    TB_OFFER("__tvm_ffi_" #external, symbol##_safecall);                                           \
    TB_OFFER("__tvm_ffi_" #external ".prepare", symbol##_safeprepare);                             \
    TB_OFFER("__tvm_ffi__doc_" #external, symbol##_safedoc);                                       \
    TB_OFFER("__tvm_ffi__metadata_" #external, symbol##_safemetadata)

#pragma GCC visibility pop

#endif
