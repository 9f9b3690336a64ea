/* What the sizes of tensors must be, and what they tell: the facts that grids read, and the ints
 * that a call leaves out. */
#include "tb_shapes.h"
#include "../core/tb_arithmetic.h"
#include "tb_any.h"
#include "tb_describe.h"

#include <string.h>

/* The product of the sizes, INT64_MAX when it is more; 0 when any of them is 0 or less. */
static int64_t count_elements(const int64_t *sizes, int32_t count)
{
    int64_t product = 1;
    int overflowed = 0;
    for (int32_t i = 0; i < count; i++) {
        if (sizes[i] <= 0)
            return 0;
        product = tb_checked_mul(product, sizes[i], &overflowed);
    }
    return overflowed ? INT64_MAX : product;
}

/* Row-major, whatever the strides of dimensions that have one element or of an empty tensor. */
static bool is_contiguous(const tb_dl_tensor *tensor)
{
    int64_t expected = 1;
    int overflowed = 0;
    bool good = true;
    if (tensor->strides == NULL)
        return true;
    for (int32_t i = tensor->dimensions - 1; i >= 0; i--) {
        if (tensor->shape[i] == 0)
            return true;
        if (tensor->shape[i] != 1 && (overflowed || tensor->strides[i] != expected))
            good = false;
        expected = tb_checked_mul(expected, tensor->shape[i], &overflowed);
    }
    return good;
}

static bool fail_strides(tb_call *call, int32_t index, const tb_dl_tensor *tensor)
{
    char text[TB_DESCRIPTION], list[256];
    tb_fail_argument(call->function, index, TRITONBIND_VALUE_ERROR,
                     "must be contiguous, got %s with strides %s",
                     tb_describe(&call->arguments[index], text, sizeof text),
                     tb_list_sizes(tensor->strides, tensor->dimensions, list, sizeof list));
    return false;
}

static bool fail_shape(tb_call *call, int32_t index, const int64_t *sizes, int32_t count)
{
    char text[TB_DESCRIPTION], list[256];
    tb_fail_argument(call->function, index, TRITONBIND_VALUE_ERROR,
                     "must hold the elements of shape %s = %s, got %s",
                     call->function->arguments[index].shape,
                     tb_list_sizes(sizes, count, list, sizeof list),
                     tb_describe(&call->arguments[index], text, sizeof text));
    return false;
}

bool tb_check_shape(tb_call *call, int32_t index, const int64_t *sizes, int32_t count)
{
    const tb_dl_tensor *tensor = tb_tensor_of(&call->arguments[index]);
    if (tensor == NULL)
        return true;
    if (!is_contiguous(tensor))
        return fail_strides(call, index, tensor);
    return count_elements(tensor->shape, tensor->dimensions) >= count_elements(sizes, count)
           || fail_shape(call, index, sizes, count);
}

static int64_t stride_of(const tb_dl_tensor *tensor, int32_t dimension)
{
    int64_t stride = 1;
    int overflowed = 0;
    if (tensor->strides != NULL)
        return tensor->strides[dimension];
    for (int32_t i = tensor->dimensions - 1; i > dimension; i--)
        stride = tb_checked_mul(stride, tensor->shape[i], &overflowed);
    return stride;
}

static int64_t number_of_elements(const tb_dl_tensor *tensor)
{
    int64_t count = 1;
    int overflowed = 0;
    for (int32_t i = 0; i < tensor->dimensions; i++)
        count = tb_checked_mul(count, tensor->shape[i], &overflowed);
    return count;
}

static bool fail_dimension(tb_call *call, int32_t index, int32_t place)
{
    char text[TB_DESCRIPTION];
    tb_fail_argument(call->function, index, TRITONBIND_VALUE_ERROR,
                     "must have a dimension %d, which the launch reads, got %s", (int)place,
                     tb_describe(&call->arguments[index], text, sizeof text));
    return false;
}

static bool fail_rank(tb_call *call, int32_t index, int32_t rank)
{
    char text[TB_DESCRIPTION];
    tb_fail_argument(call->function, index, TRITONBIND_VALUE_ERROR,
                     "must have %d dimension%s, which the launch unpacks, got %s", (int)rank,
                     rank == 1 ? "" : "s", tb_describe(&call->arguments[index], text, sizeof text));
    return false;
}

bool tb_get_fact(tb_call *call, int32_t index, tb_fact fact, int32_t place, int32_t rank,
                 int64_t *value)
{
    const tvm_ffi_any *given = &call->arguments[index];
    const tb_dl_tensor *tensor = tb_tensor_of(given);
    char text[TB_DESCRIPTION];
    *value = 0;
    if (given->type_index == TVM_FFI_NONE) /* what reads it tests for None first */
        return true;
    if (tensor == NULL) {
        tb_fail_argument(call->function, index, TRITONBIND_TYPE_ERROR,
                         "must be a tensor, whose %s the launch reads, got %s",
                         fact == TB_STRIDE ? "strides" : "shape",
                         tb_describe(given, text, sizeof text));
        return false;
    }
    if (rank != 0 && tensor->dimensions != rank)
        return fail_rank(call, index, rank);
    if (fact == TB_NDIM || fact == TB_NUMEL) {
        *value = fact == TB_NDIM ? tensor->dimensions : number_of_elements(tensor);
        return true;
    }
    int32_t dimension = place < 0 ? place + tensor->dimensions : place;
    if (dimension < 0 || dimension >= tensor->dimensions)
        return fail_dimension(call, index, place);
    *value = fact == TB_SHAPE ? tensor->shape[dimension] : stride_of(tensor, dimension);
    return true;
}

/* The int that a tensor's shape tells; false after failing. */
static bool derive(tb_call *call, int32_t index, tvm_ffi_any *value)
{
    const tb_argument *argument = &call->function->arguments[index];
    const tb_origin *origin = argument->origin;
    const tvm_ffi_any *source = &call->arguments[origin->argument];
    const tb_argument *pointer = &call->function->arguments[origin->argument];
    const tb_dl_tensor *tensor = tb_tensor_of(source);
    char text[TB_DESCRIPTION];
    if (tensor == NULL || tensor->dimensions != origin->rank) {
        tb_fail_argument(call->function, index, TRITONBIND_TYPE_ERROR,
                         "may be left out only where `%s` is a tensor of shape %s, got %s for it",
                         pointer->name, pointer->shape, tb_describe(source, text, sizeof text));
        return false;
    }
    memset(value, 0, sizeof *value);
    value->type_index = TVM_FFI_INT;
    value->value.integer = tensor->shape[origin->dimension];
    return true;
}

static bool is_left_out(const tb_call *call, int32_t index)
{
    return call->arguments[index].type_index == TVM_FFI_NONE
           && call->function->arguments[index].origin != NULL;
}

bool tb_fill_in(tb_call *call, tvm_ffi_any *filled)
{
    const int32_t count = call->function->argument_count;
    int32_t first = 0;
    while (first < count && !is_left_out(call, first))
        first++;
    if (first == count)
        return true;
    memcpy(filled, call->arguments, (size_t)call->count * sizeof *filled);
    for (int32_t i = first; i < count; i++)
        if (is_left_out(call, i) && !derive(call, i, &filled[i]))
            return false;
    call->arguments = filled;
    return true;
}
