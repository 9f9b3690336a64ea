/* What a launch is, once its arguments are checked. */
#ifndef TB_PREPARED_H
#define TB_PREPARED_H

#include "tb_function.h"

#include <stddef.h>

#pragma GCC visibility push(hidden)

/* A launch that lacks nothing but its stream. */
struct tritonbind_prepared {
    const tb_function *function;
    const tb_image *image; /* loaded on the device; NULL where the grid is empty */
    int32_t device;
    unsigned int grid_x, grid_y, grid_z; /* of blocks */
    size_t scratch;                      /* bytes of scratch memory */
    void **parameters;                   /* of the image, and TB_NO_SCRATCH */
};

/* What Triton's two last parameters point to; few kernels use the first. */
extern const uint64_t tb_no_scratch;
#define TB_NO_SCRATCH (void *)&tb_no_scratch, (void *)&tb_no_scratch

#pragma GCC visibility pop

#endif
