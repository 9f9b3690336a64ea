/* Coercion of numbers: every width is range-checked, nothing is truncated. */
#include "tb_numbers.h"
#include "tb_any.h"
#include "tb_describe.h"

#include <math.h>
#include <string.h>

static bool fail_number(tb_call *call, int32_t index, tritonbind_status status,
                        const char *expected)
{
    char text[TB_DESCRIPTION];
    const tvm_ffi_any *value = &call->arguments[index];
    const char *hint = "";
    if (tb_tensor_of(value) != NULL)
        hint = "; pass its value, as .item() gives it";
    else if (value->type_index == TVM_FFI_OPAQUE_PYTHON_OBJECT)
        hint = "; int(), float() or bool() may convert it";
    tb_fail_argument(call->function, index, status, "must be %s%s, got %s%s", expected,
                     call->function->arguments[index].nullable ? ", or None" : "",
                     tb_describe(value, text, sizeof text), hint);
    return false;
}

void *tb_unless_none(tb_call *call, int32_t index, void *storage)
{
    return call->arguments[index].type_index == TVM_FFI_NONE ? NULL : storage;
}

static bool get_signed(tb_call *call, int32_t index, int64_t low, int64_t high,
                       const char *expected, int64_t *result)
{
    const tvm_ffi_any *value = &call->arguments[index];
    if (value->type_index == TVM_FFI_INT && value->value.integer >= low
        && value->value.integer <= high) {
        *result = value->value.integer;
        return true;
    }
    return fail_number(call, index,
                       tb_is_integer(value) ? TRITONBIND_VALUE_ERROR : TRITONBIND_TYPE_ERROR,
                       expected);
}

#define DEFINE_INTEGER(name, type, low, high, expected)                                            \
    bool tb_get_##name(tb_call *call, int32_t index, type *value)                                  \
    {                                                                                              \
        int64_t wide = 0;                                                                          \
        if (!get_signed(call, index, low, high, expected "-range integer", &wide))                 \
            return false;                                                                          \
        *value = (type)wide;                                                                       \
        return true;                                                                               \
    }

DEFINE_INTEGER(int8, int8_t, INT8_MIN, INT8_MAX, "an i8")
DEFINE_INTEGER(int16, int16_t, INT16_MIN, INT16_MAX, "an i16")
DEFINE_INTEGER(int32, int32_t, INT32_MIN, INT32_MAX, "an i32")
DEFINE_INTEGER(int64, int64_t, INT64_MIN, INT64_MAX, "an i64")
DEFINE_INTEGER(uint8, uint8_t, 0, UINT8_MAX, "a u8")
DEFINE_INTEGER(uint16, uint16_t, 0, UINT16_MAX, "a u16")
DEFINE_INTEGER(uint32, uint32_t, 0, UINT32_MAX, "a u32")

bool tb_get_uint64(tb_call *call, int32_t index, uint64_t *value)
{
    int64_t wide = 0;
    if (tb_unsigned_of(&call->arguments[index], value))
        return true;
    if (!get_signed(call, index, 0, INT64_MAX, "a u64-range integer", &wide))
        return false;
    *value = (uint64_t)wide;
    return true;
}

bool tb_get_bool(tb_call *call, int32_t index, bool *result)
{
    const tvm_ffi_any *value = &call->arguments[index];
    if (value->type_index == TVM_FFI_BOOL
        || (value->type_index == TVM_FFI_INT && (uint64_t)value->value.integer <= 1)) {
        *result = value->value.integer != 0;
        return true;
    }
    return fail_number(call, index,
                       tb_is_integer(value) ? TRITONBIND_VALUE_ERROR : TRITONBIND_TYPE_ERROR,
                       "a bool, 0 or 1");
}

bool tb_get_double(tb_call *call, int32_t index, double *result)
{
    const tvm_ffi_any *value = &call->arguments[index];
    uint64_t wide = 0;
    if (value->type_index == TVM_FFI_FLOAT)
        *result = value->value.real;
    else if (value->type_index == TVM_FFI_INT)
        *result = (double)value->value.integer;
    else if (tb_unsigned_of(value, &wide))
        *result = (double)wide;
    else if (value->type_index == TVM_FFI_BIG_INT)
        return fail_number(call, index, TRITONBIND_VALUE_ERROR, "a float or a 64-bit integer");
    else
        return fail_number(call, index, TRITONBIND_TYPE_ERROR, "a float or an integer");
    return true;
}

bool tb_get_float(tb_call *call, int32_t index, float *result)
{
    /* Beyond this a double rounds to infinity: the largest float and half a unit in its place. */
    const double limit = 0x1.ffffffp+127;
    double wide = 0;
    if (!tb_get_double(call, index, &wide))
        return false;
    if (isfinite(wide) && fabs(wide) >= limit)
        return fail_number(call, index, TRITONBIND_VALUE_ERROR, "within the range of fp32");
    *result = (float)wide;
    return true;
}

/* The 16 bits of a float whose exponent and mantissa have the given widths, rounded to even. */
static uint16_t round_to_half(double value)
{
    uint16_t sign = signbit(value) ? 0x8000 : 0;
    double magnitude = fabs(value);
    int exponent = 0;
    if (isnan(value))
        return (uint16_t)(sign | 0x7e00);
    if (isinf(value))
        return (uint16_t)(sign | 0x7c00);
    if (magnitude == 0.0)
        return sign;
    (void)frexp(magnitude, &exponent);
    if (exponent < -13) /* below 2^-14: subnormal, in units of 2^-24 */
        exponent = -13;
    /* One unit in the last place is 2^(exponent - 11); a carry into the next binade is right. */
    uint32_t units = (uint32_t)nearbyint(ldexp(magnitude, 11 - exponent));
    return (uint16_t)(sign | (((uint32_t)(exponent + 13) << 10) + units));
}

bool tb_get_float16(tb_call *call, int32_t index, uint16_t *bits)
{
    const double limit = 65520.0; /* rounds to infinity, as Python's struct.pack('e') has it */
    double wide = 0;
    if (!tb_get_double(call, index, &wide))
        return false;
    if (isfinite(wide) && fabs(wide) >= limit)
        return fail_number(call, index, TRITONBIND_VALUE_ERROR, "within the range of fp16");
    *bits = round_to_half(wide);
    return true;
}

/* Cuts a float's low half off, as Triton's launcher does; a NaN stays a NaN. */
bool tb_get_bfloat16(tb_call *call, int32_t index, uint16_t *bits)
{
    const double limit = 0x1.ffffffp+127;
    double wide = 0;
    uint32_t word = 0;
    if (!tb_get_double(call, index, &wide))
        return false;
    if (isfinite(wide) && fabs(wide) >= limit)
        return fail_number(call, index, TRITONBIND_VALUE_ERROR, "within the range of bf16");
    float narrow = (float)wide;
    memcpy(&word, &narrow, sizeof word);
    *bits = (uint16_t)(word >> 16 | (isnan(wide) ? 0x40u : 0u));
    return true;
}
