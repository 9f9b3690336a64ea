/* Choosing a variant by what follows from the arguments: heuristics, tuned configurations. */
#ifndef TB_VARIANTS_H
#define TB_VARIANTS_H

#include "tb_error.h"

#pragma GCC visibility push(hidden)

/* The index of a value that follows from the arguments among those that were built, or -1 after
 * failing. */
int32_t tb_choose_value(const tb_function *function, const char *name, int64_t value,
                        const int64_t *choices, int32_t count, const tb_slots *slots);

/* The configuration to launch on *device: the one that was chosen, or the first that fits, by a row
 * of `shared` for each target: bytes of shared memory, or -1 where there is no image; -1 after
 * failing. TB_CURRENT_DEVICE becomes the device. */
int32_t tb_usable(const tb_function *function, tb_image *targets, int32_t target_count,
                  const int32_t *shared, int32_t count, int32_t configuration, int32_t *device);

/* How many multiprocessors *device has, or -1 after failing; as in tb_usable. */
int64_t tb_sm_count(const tb_function *function, int32_t *device);

/* Fail for a heuristic that has no value, for an argument that is None where its partner is not or
 * the other way round, and for choices that no variant was built for. */
tritonbind_status tb_fail_computed(const tb_function *function, const char *name) TB_COLD;
tritonbind_status tb_fail_together(const tb_function *function, int32_t index, int32_t partner,
                                   bool is_none) TB_COLD;
tritonbind_status tb_fail_no_variant(const tb_function *function) TB_COLD;

#pragma GCC visibility pop

#endif
