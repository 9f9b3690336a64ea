/* Tensor maps: refuse what the driver's documentation refuses, and write down what was asked for in
 * the 128 bytes themselves, so that each launch shows the maps that it was given. */
#include <string.h>

#include "standin.h"

enum { UINT8 = 0, FLOAT16 = 6, FLOAT32 = 7, FLOAT64 = 8, BFLOAT16 = 9, TFLOAT32 = 11 };
enum { FP4_ALIGN16B = 14, TYPE_COUNT = 16 };

static const uint64_t element_sizes[TYPE_COUNT] = {1, 2, 4, 4, 8, 8, 2, 4, 8, 2, 4, 4, 4, 1, 1, 1};

static int is_between(uint64_t value, uint64_t low, uint64_t high)
{
    return low <= value && value <= high;
}

static int is_float(unsigned int type)
{
    return is_between(type, FLOAT16, TFLOAT32 + 1);
}

static int sizes_are_good(const struct tensor_map *map)
{
    uint64_t unit = map->type == FP4_ALIGN16B ? 32 : 16;
    for (unsigned int i = 0; i < map->rank; i++) {
        if (!is_between(map->shape[i], 1, UINT64_C(1) << 32) || !is_between(map->box[i], 1, 256)
            || !is_between(map->steps[i], 1, 8))
            return 0;
        if (i + 1 < map->rank
            && (map->strides[i] % unit != 0 || map->strides[i] >= UINT64_C(1) << 40))
            return 0;
    }
    return (uint64_t)(size_t)map->data % unit == 0;
}

static int rows_are_good(const struct tensor_map *map)
{
    uint64_t row = map->box[0] * element_sizes[map->type];
    if (map->type == FP4_ALIGN16B)
        return map->shape[0] % 128 == 0 && map->box[0] == 128;
    return row % 16 == 0 && (map->swizzle == 0 || map->swizzle > 3 || row <= 16u << map->swizzle);
}

/* The order of the fields is that of tests/support/tensor_maps.py. */
CUresult tensor_map_encode(uint64_t *result, const struct tensor_map *map)
{
    if (result == NULL || (size_t)result % 64 != 0 || map->type >= TYPE_COUNT)
        return CUDA_ERROR_INVALID_VALUE;
    if (!is_between(map->rank, 1, 5) || map->interleave != 0 || map->swizzle > 6)
        return CUDA_ERROR_INVALID_VALUE;
    if (!sizes_are_good(map) || !rows_are_good(map) || (map->fill != 0 && !is_float(map->type)))
        return CUDA_ERROR_INVALID_VALUE;
    memset(result, 0, 16 * sizeof *result);
    result[0] = map->type | map->rank << 8 | map->interleave << 16 | map->swizzle << 24
                | (uint64_t)map->l2_promotion << 32 | (uint64_t)map->fill << 40;
    result[1] = UINT64_C(0x7e50) << 48 | UINT64_C(1) << 21; /* a bit that launchers may clear */
    result[2] = (uint64_t)(size_t)map->data;
    for (unsigned int i = 0; i < map->rank; i++) {
        result[3 + i] = map->shape[i];
        if (i + 1 < map->rank)
            result[8 + i] = map->strides[i];
        result[i < 4 ? 12 : 13] |= (uint64_t)map->box[i] << 16 * (i % 4);
        result[14] |= (uint64_t)map->steps[i] << 8 * i;
    }
    return CUDA_SUCCESS;
}
