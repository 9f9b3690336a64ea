/* Coercion of tensors and addresses. */
#include "tb_pointers.h"
#include "../core/tb_dtypes.h"
#include "tb_any.h"
#include "tb_describe.h"
#include "tb_memory.h"

#include <stdio.h>

static bool fail_value(tb_call *call, int32_t index, tritonbind_status status, const char *expected)
{
    char text[TB_DESCRIPTION];
    tb_fail_argument(call->function, index, status, "must be %s, got %s", expected,
                     tb_describe(&call->arguments[index], text, sizeof text));
    return false;
}

/* Which of the argument's dtypes this is, or 0. */
static tritonbind_dtype find_dtype(const tb_argument *argument, tb_dl_data_type dtype)
{
    for (int32_t i = 0; i < argument->dtype_count; i++) {
        const tb_dtype *row = &tb_dtypes[argument->dtypes[i]];
        if (row->code == dtype.code && row->bits == dtype.bits && dtype.lanes == 1)
            return argument->dtypes[i];
    }
    return 0;
}

static bool fail_dtype(tb_call *call, int32_t index)
{
    char dtypes[240], expected[256];
    snprintf(expected, sizeof expected, "a tensor of %s",
             tb_list_dtypes(&call->function->arguments[index], dtypes, sizeof dtypes));
    return fail_value(call, index, TRITONBIND_TYPE_ERROR, expected);
}

static bool fail_other_dtype(tb_call *call, int32_t index, tritonbind_dtype chosen)
{
    const tb_argument *arguments = call->function->arguments;
    int32_t first = call->dtype_arguments[arguments[index].dtype_axis];
    char expected[256];
    snprintf(expected, sizeof expected, "a tensor of %s as `%.160s` is", tb_dtypes[chosen].name,
             arguments[first].name);
    return fail_value(call, index, TRITONBIND_TYPE_ERROR, expected);
}

static bool check_dtype(tb_call *call, int32_t index, tb_dl_data_type found)
{
    const tb_argument *argument = &call->function->arguments[index];
    const tritonbind_dtype dtype = find_dtype(argument, found);
    if (dtype == 0)
        return fail_dtype(call, index);
    if (argument->dtype_count == 1)
        return true;
    tritonbind_dtype *chosen = &call->dtypes[argument->dtype_axis];
    if (*chosen == 0) {
        *chosen = dtype;
        call->dtype_arguments[argument->dtype_axis] = index;
    }
    return *chosen == dtype || fail_other_dtype(call, index, *chosen);
}

static bool fail_other_device(tb_call *call, int32_t index)
{
    char expected[256];
    snprintf(expected, sizeof expected, "on cuda:%d as `%.160s` is", (int)call->device,
             call->function->arguments[call->device_index].name);
    return fail_value(call, index, TRITONBIND_VALUE_ERROR, expected);
}

static bool check_device(tb_call *call, int32_t index, tb_dl_device device)
{
    if ((device.type != DL_CUDA && device.type != DL_CUDA_MANAGED) || device.index < 0)
        return fail_value(call, index, TRITONBIND_VALUE_ERROR, "a tensor on a CUDA device");
    if (call->device == TB_CURRENT_DEVICE) {
        call->device = device.index;
        call->device_index = index;
    }
    return call->device == device.index || fail_other_device(call, index);
}

static bool fail_memory(tb_call *call, int32_t index, const void *data)
{
    char text[TB_DESCRIPTION];
    tb_fail_argument(call->function, index, TRITONBIND_VALUE_ERROR,
                     "must be a tensor with memory, got %s with its data at 0x%llx, where there is "
                     "none: it is fake, wraps other tensors, or its storage was freed; pass one "
                     "that holds its data",
                     tb_describe(&call->arguments[index], text, sizeof text),
                     (unsigned long long)(uintptr_t)data);
    return false;
}

static bool is_empty(const tb_dl_tensor *tensor)
{
    for (int32_t i = 0; i < tensor->dimensions; i++)
        if (tensor->shape[i] == 0)
            return true;
    return false;
}

/* Whether the elements of a tensor are somewhere. CUDA gives no address below 4 GiB: there lies a
 * part of a tensor without memory, by its offset, unless the process itself has memory there. */
static bool check_memory(tb_call *call, int32_t index, const tb_dl_tensor *tensor, const void *data)
{
    if ((uintptr_t)data >> 32 != 0)
        return true;
    return is_empty(tensor) || (data != NULL && tb_is_mapped(data, 1))
           || fail_memory(call, index, data);
}

static void *data_of(const tb_dl_tensor *tensor)
{
    return tensor->data == NULL ? NULL : (char *)tensor->data + tensor->byte_offset;
}

bool tb_get_pointer(tb_call *call, int32_t index, void **pointer)
{
    const tvm_ffi_any *value = &call->arguments[index];
    const tb_dl_tensor *tensor = tb_tensor_of(value);
    uint64_t wide = 0;
    if (tensor != NULL) {
        *pointer = data_of(tensor);
        return check_dtype(call, index, tensor->dtype) && check_device(call, index, tensor->device)
               && check_memory(call, index, tensor, *pointer);
    }
    switch (value->type_index) {
    case TVM_FFI_INT:
        if (value->value.integer < 0)
            return fail_value(call, index, TRITONBIND_VALUE_ERROR, "an address of 0 or more");
        *pointer = (void *)(uintptr_t)value->value.integer;
        return true;
    case TVM_FFI_BIG_INT:
        if (!tb_unsigned_of(value, &wide))
            return fail_value(call, index, TRITONBIND_VALUE_ERROR, "an address of 64 bits");
        *pointer = (void *)(uintptr_t)wide;
        return true;
    case TVM_FFI_OPAQUE_POINTER:
        *pointer = value->value.pointer;
        return true;
    case TVM_FFI_NONE:
        if (call->function->arguments[index].nullable) {
            *pointer = NULL;
            return true;
        }
        break;
    default:
        break;
    }
    return fail_value(call, index, TRITONBIND_TYPE_ERROR,
                      call->function->arguments[index].nullable
                          ? "a tensor, an integer or opaque pointer, or None"
                          : "a tensor, an integer or opaque pointer");
}

const tritonbind_tensor *tb_get_tensor(tb_call *call, int32_t index, tritonbind_tensor *tensor)
{
    const tb_dl_tensor *found = tb_tensor_of(&call->arguments[index]);
    if (found == NULL) {
        fail_value(call, index, TRITONBIND_TYPE_ERROR,
                   "a tensor, of which the kernel needs the shape");
        return NULL;
    }
    tensor->data = data_of(found);
    if (!check_dtype(call, index, found->dtype) || !check_device(call, index, found->device)
        || !check_memory(call, index, found, tensor->data))
        return NULL;
    tensor->ndim = found->dimensions;
    tensor->shape = found->shape;
    tensor->strides = found->strides;
    return tensor;
}

bool tb_get_const_pointer(tb_call *call, int32_t index, const void **pointer)
{
    void *writable = NULL;
    bool good = tb_get_pointer(call, index, &writable);
    *pointer = writable;
    return good;
}

bool tb_get_dtype(tb_call *call, int32_t index, tritonbind_dtype *dtype)
{
    const tb_argument *arguments = call->function->arguments;
    int32_t axis = arguments[index].dtype_axis;
    *dtype = call->dtypes[axis];
    if (*dtype != 0)
        return true;
    for (int32_t i = 0; i < call->function->argument_count; i++)
        if (arguments[i].dtypes != NULL && arguments[i].dtype_axis == axis
            && arguments[i].dtype_count > 1 && call->arguments[i].type_index != TVM_FFI_NONE)
            return fail_value(call, i, TRITONBIND_TYPE_ERROR,
                              "a tensor, since an address does not tell its dtype");
    return true; /* each of them is None */
}
