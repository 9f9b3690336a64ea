/* The thread's last error, and how values are called in messages. */
#include "tb_arguments.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char TB_IDENTITY = 0;

static __thread char message[4096];
static __thread tritonbind_status status_of_message;

const char *tb_last_error(void)
{
    return message;
}
TB_PUBLIC_NAME(tritonbind_last_error, tb_last_error);

tritonbind_status tb_last_status(void)
{
    return status_of_message;
}

static size_t append(size_t length, const char *format, ...) __attribute__((format(printf, 2, 3)));

static size_t append(size_t length, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    int written = vsnprintf(message + length, sizeof message - length, format, values);
    va_end(values);
    length += written < 0 ? 0 : (size_t)written;
    return length < sizeof message ? length : sizeof message - 1;
}

tritonbind_status tb_fail(const tb_function *function, tritonbind_status status,
                          const char *format, ...)
{
    va_list values;
    size_t length = function == NULL ? 0 : append(0, "%s: ", function->name);
    va_start(values, format);
    (void)vsnprintf(message + length, sizeof message - length, format, values);
    va_end(values);
    return status_of_message = status;
}

tritonbind_status tb_fail_arity(const tb_function *function, int32_t count)
{
    int most = (int)function->argument_count + 1;
    (void)append(0,
                 "%s expects %d argument%s (%s), of which the stream may be left out, but got %d",
                 function->name, most, most == 1 ? "" : "s", function->argument_names, (int)count);
    return status_of_message = TRITONBIND_TYPE_ERROR;
}

static const char *argument_name(const tb_function *function, int32_t index)
{
    return index < function->argument_count    ? function->arguments[index].name
           : index == function->argument_count ? "stream"
                                               : "library";
}

tritonbind_status tb_fail_argument(const tb_function *function, int32_t index,
                                   tritonbind_status status, const char *format, ...)
{
    va_list values;
    size_t length = append(0, "%s argument #%d `%s` ", function->name, (int)index,
                           argument_name(function, index));
    va_start(values, format);
    (void)vsnprintf(message + length, sizeof message - length, format, values);
    va_end(values);
    return status_of_message = status;
}

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

const char *tb_list_sizes(const int64_t *sizes, int32_t count, char *text, size_t size)
{
    const size_t longest = sizeof "-9223372036854775808, , ...)"; /* one more, and the end */
    size_t length = (size_t)snprintf(text, size, "(");
    int32_t shown = 0;
    for (; shown < count && length + longest < size; shown++)
        length += (size_t)snprintf(text + length, size - length, "%s%lld", shown == 0 ? "" : ", ",
                                   (long long)sizes[shown]);
    snprintf(text + length, size - length, "%s)", shown < count ? ", ..." : count == 1 ? "," : "");
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

bool tb_copy_text(const char *data, size_t length, char *text, size_t size)
{
    size_t count = length < size ? length : size - 1;
    while (count < length && count > 0 && (data[count] & 0xc0) == 0x80)
        count--;
    for (size_t i = 0; i < count; i++)
        text[i] = (unsigned char)data[i] < ' ' ? '?' : data[i];
    text[count] = 0;
    return count == length;
}

static void describe_string(const char *data, size_t length, char *text, size_t size)
{
    char shown[61];
    const bool is_whole = tb_copy_text(data, length, shown, sizeof shown);
    snprintf(text, size, "the str '%s%s'", shown, is_whole ? "" : "...");
}

static void describe_python_object(const tvm_ffi_any *value, char *text, size_t size)
{
    char name[TB_DESCRIPTION - 32];
    void *object = NULL; /* behind the header */
    memcpy(&object, (const char *)value->value.pointer + sizeof(tvm_ffi_object), sizeof object);
    tb_name_type(object, name, sizeof name);
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
        describe_string(string, length, text, size);
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
