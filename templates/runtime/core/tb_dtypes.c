/* The element types of tensors. */
#include "tb_dtypes.h"

#include <stdio.h>

const tb_dtype tb_dtypes[] = {
    [TRITONBIND_I1] = {"bool", 6, 8},
    [TRITONBIND_I8] = {"int8", 0, 8},
    [TRITONBIND_I16] = {"int16", 0, 16},
    [TRITONBIND_I32] = {"int32", 0, 32},
    [TRITONBIND_I64] = {"int64", 0, 64},
    [TRITONBIND_U8] = {"uint8", 1, 8},
    [TRITONBIND_U16] = {"uint16", 1, 16},
    [TRITONBIND_U32] = {"uint32", 1, 32},
    [TRITONBIND_U64] = {"uint64", 1, 64},
    [TRITONBIND_FP16] = {"float16", 2, 16},
    [TRITONBIND_BF16] = {"bfloat16", 4, 16},
    [TRITONBIND_FP32] = {"float32", 2, 32},
    [TRITONBIND_FP64] = {"float64", 2, 64},
    [TRITONBIND_FP8E4NV] = {"float8_e4m3fn", 10, 8},
    [TRITONBIND_FP8E4B8] = {"float8_e4m3fnuz", 11, 8},
    [TRITONBIND_FP8E5] = {"float8_e5m2", 12, 8},
    [TRITONBIND_FP8E5B16] = {"float8_e5m2fnuz", 13, 8},
    [TRITONBIND_FP8E4B15] = {"float8_e4b15", 255, 8},
};

const char *tb_list_dtypes(const tb_argument *argument, char *text, size_t size)
{
    size_t length = 0;
    text[0] = 0;
    for (int32_t i = 0; i < argument->dtype_count && length < size; i++)
        length += (size_t)snprintf(text + length, size - length, "%s%s", i == 0 ? "" : " or ",
                                   tb_dtypes[argument->dtypes[i]].name);
    return text;
}
