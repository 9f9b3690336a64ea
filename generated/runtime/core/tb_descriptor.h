/* Tensor descriptors: whether a tensor can be one, and the maps that newer machines want of it. */
#ifndef TB_DESCRIPTOR_H
#define TB_DESCRIPTOR_H

#include "tb_function.h"

#pragma GCC visibility push(hidden)

/* A tensor as kernels take it: Triton's parts of it, and the map that a launch encodes for images
 * that want one. */
typedef struct tb_descriptor {
    uint64_t map[16] __attribute__((aligned(64))); /* a CUtensorMap */
    void *data;
    int64_t shape[5];
    int64_t strides[5]; /* in elements */
    int32_t shape32[5];
    bool padding_is_nan;
    bool round_to_tf32;
    int32_t argument; /* its place in the call */
} tb_descriptor;

/* The parts of a descriptor of so many dimensions, as values of a launch. */
#define TB_DESCRIPTOR_VALUES(rank, descriptor)                                                     \
    (descriptor).map, &(descriptor).data, TB_EACH_##rank((descriptor).shape),                      \
        TB_EACH_##rank((descriptor).strides), &(descriptor).padding_is_nan,                        \
        &(descriptor).round_to_tf32, TB_EACH_##rank((descriptor).shape32)
#define TB_EACH_1(list) &(list)[0]
#define TB_EACH_2(list) TB_EACH_1(list), &(list)[1]
#define TB_EACH_3(list) TB_EACH_2(list), &(list)[2]
#define TB_EACH_4(list) TB_EACH_3(list), &(list)[3]
#define TB_EACH_5(list) TB_EACH_4(list), &(list)[4]

/* Fills in a descriptor, but for its map, from a tensor that may be one; fails otherwise. */
tritonbind_status tb_make_descriptor(const tb_function *function, int32_t index,
                                     const tritonbind_tensor *tensor, int64_t element_size,
                                     tb_descriptor *descriptor);

/* Encodes the maps of the descriptors among the values that an image takes. */
tritonbind_status tb_encode_maps(const tb_function *function, const tb_image *image, int32_t device,
                                 void *const *values);

#pragma GCC visibility pop

#endif
