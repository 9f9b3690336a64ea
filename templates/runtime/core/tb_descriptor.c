/* Tensor descriptors: whether a tensor can be one, and the maps that newer machines want of it. */
#include "tb_descriptor.h"
#include "tb_arithmetic.h"
#include "tb_driver.h"
#include "tb_process.h"
#include "tb_symbols.h"
#include "tb_text.h"

#include <dlfcn.h>
#include <stdio.h>

#define ALIGNMENT 16 /* of data and strides, in bytes */
#define FP4_ALIGNMENT 32
#define STRIDE_LIMIT (INT64_C(1) << 40)
#define NO_INTERLEAVE 0
#define PROMOTE_TO_128_BYTES 2
#define SMALL_TENSOR (UINT64_C(128) << 10) /* in bytes */

/* ---- from a tensor to a descriptor ---- */

static tritonbind_status fail_sizes(const tb_function *function, int32_t index, const char *what,
                                    const char *name, const int64_t *sizes, int32_t count)
{
    char list[256];
    return tb_fail_argument(function, index, TRITONBIND_VALUE_ERROR, "must have %s, got %s %s",
                            what, name, tb_list_sizes(sizes, count, list, sizeof list));
}

static bool is_whole_stride(int64_t stride, int64_t element_size)
{
    return stride >= 0 && stride < STRIDE_LIMIT / element_size
           && stride * element_size % ALIGNMENT == 0;
}

static int64_t product(int64_t x, int64_t y)
{
    int overflowed = 0;
    int64_t result = tb_checked_mul(x, y, &overflowed);
    return overflowed ? INT64_MAX : result; /* no stride is that large */
}

/* The strides. Those of dimensions with one element find no element, and libraries change them:
 * where a descriptor could not have them, they become the size of what is inside, rounded up. */
static void find_strides(const tritonbind_tensor *tensor, int64_t element_size, int64_t *strides)
{
    int64_t row_major = 1, unit = ALIGNMENT / element_size;
    for (int32_t i = tensor->ndim - 1; i >= 0; i--) {
        strides[i] = tensor->strides == NULL ? row_major : tensor->strides[i];
        if (tensor->shape[i] == 1 && i == tensor->ndim - 1)
            strides[i] = 1;
        else if (tensor->shape[i] == 1 && !is_whole_stride(strides[i], element_size))
            strides[i] =
                product(tb_cdiv(product(strides[i + 1], tensor->shape[i + 1]), unit), unit);
        row_major = product(row_major, tensor->shape[i]);
    }
}

static tritonbind_status check_strides(const tb_function *function, int32_t index,
                                       const int64_t *strides, int32_t rank, int64_t element_size)
{
    for (int32_t i = 0; i < rank - 1; i++) {
        char expected[96];
        if (strides[i] < 0 || strides[i] >= STRIDE_LIMIT / element_size)
            return fail_sizes(function, index, "strides of 0 or more and less than 2^40 bytes",
                              "strides", strides, rank);
        if (is_whole_stride(strides[i], element_size))
            continue;
        snprintf(expected, sizeof expected, "strides that are multiples of %d bytes (%d elements)",
                 ALIGNMENT, ALIGNMENT / (int)element_size);
        return fail_sizes(function, index, expected, "strides", strides, rank);
    }
    if (strides[rank - 1] == 1)
        return TRITONBIND_OK;
    return fail_sizes(function, index, "the stride 1 in its last dimension", "strides", strides,
                      rank);
}

static tritonbind_status check_shape(const tb_function *function, int32_t index,
                                     const tritonbind_tensor *tensor)
{
    int32_t rank = function->arguments[index].rank;
    if (tensor == NULL || tensor->shape == NULL)
        return tb_fail_argument(function, index, TRITONBIND_VALUE_ERROR,
                                "must be a tensor with a shape, got %s",
                                tensor == NULL ? "NULL" : "the shape NULL");
    if (tensor->ndim != rank)
        return tb_fail_argument(function, index, TRITONBIND_VALUE_ERROR,
                                "must have %d dimension%s, got %d", (int)rank, rank == 1 ? "" : "s",
                                (int)tensor->ndim);
    for (int32_t i = 0; i < rank; i++)
        if (tensor->shape[i] < 1 || tensor->shape[i] > INT32_MAX)
            return fail_sizes(function, index, "sizes between 1 and 2147483647", "shape",
                              tensor->shape, rank);
    return TRITONBIND_OK;
}

static tritonbind_status check_data(const tb_function *function, int32_t index, const void *data,
                                    uintptr_t alignment, const char *why)
{
    if (data == NULL)
        return tb_fail_argument(function, index, TRITONBIND_VALUE_ERROR,
                                "must be a tensor with memory, got the data NULL");
    if (((uintptr_t)data & (alignment - 1)) == 0)
        return TRITONBIND_OK;
    return tb_fail_argument(function, index, TRITONBIND_VALUE_ERROR,
                            "must have data aligned to %d bytes%s, got the address 0x%llx",
                            (int)alignment, why, (unsigned long long)(uintptr_t)data);
}

tritonbind_status tb_make_descriptor(const tb_function *function, int32_t index,
                                     const tritonbind_tensor *tensor, int64_t element_size,
                                     tb_descriptor *descriptor)
{
    const tb_argument *argument = &function->arguments[index];
    tritonbind_status status = check_shape(function, index, tensor);
    if (status != TRITONBIND_OK)
        return status;
    find_strides(tensor, element_size, descriptor->strides);
    status = check_strides(function, index, descriptor->strides, argument->rank, element_size);
    if (status != TRITONBIND_OK)
        return status;
    status = check_data(function, index, tensor->data, ALIGNMENT, "");
    if (status != TRITONBIND_OK)
        return status;
    descriptor->data = tensor->data;
    for (int32_t i = 0; i < argument->rank; i++) {
        descriptor->shape[i] = tensor->shape[i];
        descriptor->shape32[i] = (int32_t)tensor->shape[i];
    }
    descriptor->padding_is_nan = argument->padding_is_nan;
    descriptor->round_to_tf32 = argument->round_to_tf32;
    descriptor->argument = index;
    return TRITONBIND_OK;
}

/* ---- from a descriptor to the map of a device ---- */

typedef struct tb_encoder {
    int (*encode)(void *map, int type, uint32_t rank, void *data, const uint64_t *shape,
                  const uint64_t *strides, const uint32_t *box, const uint32_t *steps,
                  int interleave, int swizzle, int l2_promotion, int fill);
    int (*get_version)(int *version);
    int driver_version;
} tb_encoder;

static const tb_symbol symbols[] = {
    TB_SYMBOL(tb_encoder, encode, "cuTensorMapEncodeTiled"),
    TB_SYMBOL(tb_encoder, get_version, "cuDriverGetVersion"),
};

static tb_encoder the_encoder;
static const tb_encoder *ready; /* published with release order when complete */

static bool find_encoder(const tb_function *function, int32_t device, tb_encoder *encoder)
{
    void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL); /* it is open already */
    const char *missing =
        tb_find_symbols(library, symbols, sizeof symbols / sizeof *symbols, encoder);
    if (library == NULL || missing != NULL) {
        tb_fail_no_symbol(function, library == NULL ? symbols[0].name : missing);
        return false;
    }
    const int result = encoder->get_version(&encoder->driver_version);
    if (result != CUDA_SUCCESS)
        tb_fail_cuda(function, "cuDriverGetVersion", device, result);
    return result == CUDA_SUCCESS;
}

static const tb_encoder *the_drivers_encoder(const tb_function *function, int32_t device)
{
    const tb_encoder *found = __atomic_load_n(&ready, __ATOMIC_ACQUIRE);
    if (found != NULL)
        return found;
    tb_encoder encoder;
    if (!find_encoder(function, device, &encoder))
        return NULL;
    tb_lock();
    if (ready == NULL)
        the_encoder = encoder;
    __atomic_store_n(&ready, &the_encoder, __ATOMIC_RELEASE);
    tb_unlock();
    return &the_encoder;
}

/* What the machine's reading of packed fp4 asks for besides. */
static tritonbind_status check_fp4(const tb_function *function, const tb_descriptor *descriptor,
                                   int32_t rank)
{
    int32_t index = descriptor->argument;
    for (int32_t i = 0; i < rank - 1; i++)
        if (descriptor->strides[i] % FP4_ALIGNMENT != 0)
            return fail_sizes(function, index, "strides that are multiples of 32 bytes for fp4",
                              "strides", descriptor->strides, rank);
    if (descriptor->shape[rank - 1] % 64 != 0)
        return fail_sizes(function, index,
                          "a last dimension that is a multiple of 64 bytes for fp4", "shape",
                          descriptor->shape, rank);
    return check_data(function, index, descriptor->data, FP4_ALIGNMENT, " for fp4");
}

/* A store moves whole units of 16 bytes: it would write beyond the end of rows (as measured on an
 * H200, with Triton's own launches too). */
static tritonbind_status check_rows(const tb_function *function, const tb_descriptor *descriptor,
                                    int32_t rank, uint64_t element_size)
{
    char expected[120];
    if (descriptor->shape[rank - 1] * element_size % ALIGNMENT == 0)
        return TRITONBIND_OK;
    snprintf(expected, sizeof expected,
             "a last dimension that is a multiple of %d elements, as stores on this device need",
             (int)(ALIGNMENT / element_size));
    return fail_sizes(function, descriptor->argument, expected, "shape", descriptor->shape, rank);
}

/* Drivers up to CUDA 13.1 set a bit in maps of small tensors that they should not (CUTLASS and
 * Triton clear it too). */
static void mend_map(uint64_t *map, const uint64_t *shape, const uint64_t *strides, int32_t rank,
                     uint64_t element_size)
{
    uint64_t last_byte = (shape[0] - 1) * element_size;
    for (int32_t i = 1; i < rank && last_byte < SMALL_TENSOR; i++)
        last_byte += (shape[i] - 1) * strides[i - 1];
    if (last_byte + 1 < SMALL_TENSOR)
        map[1] &= ~(UINT64_C(1) << 21);
}

static tritonbind_status encode_map(const tb_function *function, const tb_encoder *encoder,
                                    const tb_map *map, int32_t device, tb_descriptor *descriptor)
{
    static const uint32_t steps[] = {1, 1, 1, 1, 1};
    const tb_argument *argument = &function->arguments[descriptor->argument];
    int32_t rank = argument->rank;
    uint64_t shape[5] = {0}, strides[5] = {0};
    uint32_t box[5] = {0};
    if (map->fp4_padded) {
        tritonbind_status status = check_fp4(function, descriptor, rank);
        if (status != TRITONBIND_OK)
            return status;
    }
    if (map->is_written) {
        tritonbind_status status = check_rows(function, descriptor, rank, map->element_size);
        if (status != TRITONBIND_OK)
            return status;
    }
    for (int32_t i = 0; i < rank; i++) { /* the driver counts dimensions from the innermost */
        shape[i] = (uint64_t)descriptor->shape[rank - 1 - i];
        box[i] = map->box[rank - 1 - i];
        if (i < rank - 1)
            strides[i] = (uint64_t)descriptor->strides[rank - 2 - i] * map->element_size;
    }
    if (map->fp4_padded)
        shape[0] *= 2;
    strides[rank - 1] = shape[rank - 1] * (rank == 1 ? map->element_size : strides[rank - 2]);
    int result = encoder->encode(descriptor->map, map->type, (uint32_t)rank, descriptor->data,
                                 shape, strides, box, steps, NO_INTERLEAVE, map->swizzle,
                                 PROMOTE_TO_128_BYTES, descriptor->padding_is_nan);
    if (result != CUDA_SUCCESS) {
        char call[200];
        snprintf(call, sizeof call, "cuTensorMapEncodeTiled of `%.160s`", argument->name);
        return tb_fail_cuda(function, call, device, result);
    }
    if (encoder->driver_version <= 13010)
        mend_map(descriptor->map, shape, strides, rank, map->element_size);
    return TRITONBIND_OK;
}

tritonbind_status tb_encode_maps(const tb_function *function, const tb_image *image, int32_t device,
                                 void *const *values)
{
    const tb_encoder *encoder = the_drivers_encoder(function, device);
    if (encoder == NULL)
        return TRITONBIND_RUNTIME_ERROR;
    for (int32_t i = 0; i < image->map_count; i++) {
        const tb_map *map = &image->maps[i];
        /* The map comes first in a descriptor. */
        tritonbind_status status = encode_map(function, encoder, map, device, values[map->value]);
        if (status != TRITONBIND_OK)
            return status;
    }
    return TRITONBIND_OK;
}
