/* One launch, at once or for later. */
#ifndef TB_LAUNCH_H
#define TB_LAUNCH_H

#include "tb_error.h"
#include "tb_prepared.h"

#pragma GCC visibility push(hidden)

typedef struct tb_grid {
    int64_t x, y, z;
    int failed; /* an overflow or a division by zero */
} tb_grid;

/* Where a call goes: at once to a stream of a device, or into a launch for later. */
typedef struct tb_destination {
    int32_t device; /* TB_CURRENT_DEVICE: that of the current context, or else device 0 */
    void *stream;
    tritonbind_prepared **prepared; /* NULL: at once */
    bool stream_is_current;         /* the device's own current stream, not one that was passed */
} tb_destination;

/* Launches a variant, or prepares its launch. values: the address of each argument or part of one,
 * of which the image takes those it needs, and TB_NO_SCRATCH behind them. */
tritonbind_status tb_launch(const tb_function *function, tb_variant *variant,
                            const tb_destination *destination, tb_grid grid, void **values);

/* What tritonbind.h has under other names. */
tritonbind_status tb_launch_prepared(const tritonbind_prepared *prepared, void *stream);
void tb_release_prepared(tritonbind_prepared *prepared);

/* Launches what is prepared; a stream that is the current one needs no check. */
tritonbind_status tb_launch_again(const tritonbind_prepared *prepared, void *stream,
                                  bool is_current);

/* Fails for a launch that is to be prepared and has no place. */
tritonbind_status tb_fail_no_place(const tb_function *function) TB_COLD;

#pragma GCC visibility pop

#endif
