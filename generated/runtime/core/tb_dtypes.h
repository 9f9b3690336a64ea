/* The element types of tensors. */
#ifndef TB_DTYPES_H
#define TB_DTYPES_H

#include "tb_function.h"

#include <stddef.h>

#pragma GCC visibility push(hidden)

typedef struct tb_dtype {
    const char *name; /* as tensor libraries say it: float32 */
    uint8_t code;     /* as DLPack has it; 255 where it has none */
    uint8_t bits;     /* in memory */
} tb_dtype;

/* By tritonbind_dtype. */
extern const tb_dtype tb_dtypes[];

/* What an argument may point to: "float16 or float32". */
const char *tb_list_dtypes(const tb_argument *argument, char *text, size_t size);

#pragma GCC visibility pop

#endif
