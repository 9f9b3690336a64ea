/* Choosing a variant by what follows from the arguments: heuristics, tuned configurations. */
#include "tb_variants.h"
#include "tb_devices.h"
#include "tb_images.h"

#include <stdio.h>

tritonbind_status tb_fail_computed(const tb_function *function, const char *name)
{
    return tb_fail(function, TRITONBIND_VALUE_ERROR,
                   "`%s` cannot be computed from these arguments: "
                   "it overflows 64 bits or divides by zero",
                   name);
}

tritonbind_status tb_fail_together(const tb_function *function, int32_t index, int32_t partner,
                                   bool is_none)
{
    return tb_fail_argument(function, index, TRITONBIND_VALUE_ERROR,
                            is_none ? "must be None, as `%s` is"
                                    : "must not be None, as `%s` is not",
                            function->arguments[partner].name);
}

tritonbind_status tb_fail_no_variant(const tb_function *function)
{
    return tb_fail(function, TRITONBIND_RUNTIME_ERROR, "no variant was built for these arguments");
}

int32_t tb_choose_value(const tb_function *function, const char *name, int64_t value,
                        const int64_t *choices, int32_t count, const tb_slots *slots)
{
    int32_t place = tb_find_int(choices, count, slots, value);
    char held[256];
    size_t length = 0;
    if (place >= 0)
        return place;
    held[0] = 0;
    for (int32_t i = 0; i < count && length < sizeof held; i++) {
        int written = snprintf(held + length, sizeof held - length, "%s%lld", i == 0 ? "" : ", ",
                               (long long)choices[i]);
        length += written < 0 ? 0 : (size_t)written;
    }
    tb_fail(function, TRITONBIND_VALUE_ERROR,
            "these arguments make `%s` %lld, and it was built for %s", name, (long long)value,
            held);
    return -1;
}

int32_t tb_usable(const tb_function *function, tb_image *targets, int32_t target_count,
                  const int32_t *shared, int32_t count, int32_t configuration, int32_t *device)
{
    const tb_variant held = {.images = targets, .image_count = target_count};
    const tb_device *facts = tb_device_facts(function, device);
    int32_t least = INT32_MAX;
    if (facts == NULL)
        return -1;
    const tb_image *target = tb_choose_image(&held, facts->capability);
    if (target == NULL) {
        tb_fail_no_image(function, &held, *device, facts->capability);
        return -1;
    }
    shared += (target - targets) * count;
    if (shared[configuration] >= 0 && shared[configuration] <= facts->shared_optin)
        return configuration;
    for (int32_t i = 0; i < count; i++) {
        if (shared[i] >= 0 && shared[i] <= facts->shared_optin)
            return i;
        if (shared[i] >= 0 && shared[i] < least)
            least = shared[i];
    }
    if (least == INT32_MAX)
        tb_fail(function, TRITONBIND_RUNTIME_ERROR,
                "cannot launch on cuda:%d: for these arguments the library has no image for its "
                "compute capability",
                (int)*device);
    else
        tb_fail(function, TRITONBIND_RUNTIME_ERROR,
                "cannot launch on cuda:%d: each configuration needs %d bytes of shared memory per "
                "block or more, and the device has %d",
                (int)*device, (int)least, (int)facts->shared_optin);
    return -1;
}

int64_t tb_sm_count(const tb_function *function, int32_t *device)
{
    const tb_device *facts = tb_device_facts(function, device);
    return facts == NULL ? -1 : facts->sm_count;
}
