/* How values of TVM FFI are called in messages. */
#include "tb_describe.h"
#include "tb_any.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *dtype_name(tb_dl_data_type dtype, char *text, size_t size)
{
    static const struct {
        uint8_t code;
        const char *name;
        uint8_t bits; /* 0: the name ends with them */
    } rows[] = {{0, "int", 0},
                {1, "uint", 0},
                {2, "float", 0},
                {4, "bfloat", 0},
                {5, "complex", 0},
                {6, "bool", 8},
                {7, "float8_e3m4", 8},
                {8, "float8_e4m3", 8},
                {9, "float8_e4m3b11fnuz", 8},
                {10, "float8_e4m3fn", 8},
                {11, "float8_e4m3fnuz", 8},
                {12, "float8_e5m2", 8},
                {13, "float8_e5m2fnuz", 8},
                {14, "float8_e8m0fnu", 8},
                {15, "float6_e2m3fn", 6},
                {16, "float6_e3m2fn", 6},
                {17, "float4_e2m1fn", 4}};
    char lanes[16] = "";
    if (dtype.lanes > 1)
        snprintf(lanes, sizeof lanes, "x%d", dtype.lanes);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].code != dtype.code || (rows[i].bits != 0 && rows[i].bits != dtype.bits))
            continue;
        if (rows[i].bits == 0)
            snprintf(text, size, "%s%d%s", rows[i].name, dtype.bits, lanes);
        else /* as torch says it: float4_e2m1fn_x2 */
            snprintf(text, size, "%s%s%s", rows[i].name, dtype.lanes > 1 ? "_" : "", lanes);
        return text;
    }
    snprintf(text, size, "DLPack type (%d, %d)%s", dtype.code, dtype.bits, lanes);
    return text;
}

static const char *device_name(tb_dl_device device, char *text, size_t size)
{
    static const struct {
        int32_t type;
        const char *name;
        bool has_index;
    } rows[] = {{DL_CPU, "cpu", false},
                {DL_CUDA, "cuda", true},
                {DL_CUDA_HOST, "cpu (pinned)", false},
                {DL_ROCM, "rocm", true},
                {DL_CUDA_MANAGED, "cuda (managed)", true}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].type == device.type) {
            if (rows[i].has_index)
                snprintf(text, size, "%s:%d", rows[i].name, (int)device.index);
            else
                snprintf(text, size, "%s", rows[i].name);
            return text;
        }
    }
    snprintf(text, size, "DLPack device (%d, %d)", (int)device.type, (int)device.index);
    return text;
}

static void describe_tensor(const tb_dl_tensor *tensor, char *text, size_t size)
{
    char dtype[48], device[48], shape[160];
    (void)dtype_name(tensor->dtype, dtype, sizeof dtype);
    snprintf(text, size, "%s %s tensor of shape %s on %s", dtype[0] == 'i' ? "an" : "a", dtype,
             tb_list_sizes(tensor->shape, tensor->dimensions, shape, sizeof shape),
             device_name(tensor->device, device, sizeof device));
}

/* As Python shows it: the shortest decimal that reads back as the same double. */
static void describe_float(double value, char *text, size_t size)
{
    char digits[40] = "nan";
    int decimals = 0;
    for (; value == value && decimals < 17; decimals++) {
        snprintf(digits, sizeof digits, "%.*e", decimals, value);
        if (strtod(digits, NULL) == value)
            break;
    }
    const char *mark = strchr(digits, 'e');
    long exponent = mark == NULL ? 0 : strtol(mark + 1, NULL, 10);
    if (mark != NULL && exponent >= -4 && exponent < 16) {
        decimals = exponent < decimals ? decimals - (int)exponent : 1;
        snprintf(digits, sizeof digits, "%.*f", decimals, value);
    }
    snprintf(text, size, "the float %s", digits);
}

static tb_type_namer name_type;

void tb_name_types_by(tb_type_namer namer)
{
    name_type = namer;
}

static void describe_python_object(const tvm_ffi_any *value, char *text, size_t size)
{
    char name[TB_DESCRIPTION - 32];
    void *object = NULL; /* behind the header */
    name[0] = 0;
    memcpy(&object, (const char *)value->value.pointer + sizeof(tvm_ffi_object), sizeof object);
    if (name_type != NULL)
        name_type(object, name, sizeof name);
    snprintf(text, size, "a Python object of %s%s", name[0] == 0 ? "another kind" : "type ", name);
}

const char *tb_string_of(const tvm_ffi_any *value, size_t *length)
{
    if (value->type_index == TVM_FFI_SMALL_STRING) {
        *length = value->small_length;
        return value->value.bytes;
    }
    if (value->type_index == TVM_FFI_STRING) {
        const tvm_ffi_byte_array *content =
            (const void *)((const char *)value->value.pointer + sizeof(tvm_ffi_object));
        *length = content->size;
        return content->data;
    }
    if (value->type_index == TVM_FFI_RAW_STRING) {
        *length = strlen(value->value.text);
        return value->value.text;
    }
    return NULL;
}

const char *tb_describe(const tvm_ffi_any *value, char *text, size_t size)
{
    static const struct {
        int32_t type_index;
        const char *text;
    } rows[] = {{TVM_FFI_NONE, "None"},
                {TVM_FFI_OPAQUE_POINTER, "an opaque pointer"},
                {TVM_FFI_DATA_TYPE, "a dtype"},
                {TVM_FFI_DEVICE, "a device"},
                {TVM_FFI_BYTE_ARRAY_POINTER, "bytes"},
                {TVM_FFI_SMALL_BYTES, "bytes"},
                {TVM_FFI_BYTES, "bytes"},
                {TVM_FFI_FUNCTION, "a function"},
                {TVM_FFI_SHAPE, "a shape"},
                {TVM_FFI_ARRAY, "a list or tuple"},
                {TVM_FFI_LIST, "a list"},
                {TVM_FFI_MAP, "a dict"},
                {TVM_FFI_DICT, "a dict"},
                {TVM_FFI_BIG_INT, "an integer beyond 64 bits"}};
    size_t length = 0;
    const tb_dl_tensor *tensor = tb_tensor_of(value);
    const char *string = tb_string_of(value, &length);
    uint64_t wide = 0;
    if (tensor != NULL)
        describe_tensor(tensor, text, size);
    else if (string != NULL)
        tb_describe_text(string, length, text, size);
    else if (value->type_index == TVM_FFI_INT)
        snprintf(text, size, "%lld", (long long)value->value.integer);
    else if (tb_unsigned_of(value, &wide))
        snprintf(text, size, "%llu", (unsigned long long)wide);
    else if (value->type_index == TVM_FFI_BOOL)
        snprintf(text, size, "the bool %s", value->value.integer ? "True" : "False");
    else if (value->type_index == TVM_FFI_FLOAT)
        describe_float(value->value.real, text, size);
    else if (value->type_index == TVM_FFI_OPAQUE_PYTHON_OBJECT)
        describe_python_object(value, text, size);
    else {
        const char *known = NULL;
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
            if (rows[i].type_index == value->type_index)
                known = rows[i].text;
        if (known == NULL)
            snprintf(text, size, "an object of TVM FFI type %d", (int)value->type_index);
        else
            snprintf(text, size, "%s", known);
    }
    return text;
}
