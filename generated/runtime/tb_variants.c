/* Choosing a variant by what follows from the arguments: heuristics, tuned configurations. */
#include "tb_driver.h"

#include <stdio.h>

tritonbind_status tb_fail_computed(const tb_function *function, const char *name)
{
    return tb_fail(function, TRITONBIND_VALUE_ERROR,
                   "`%s` cannot be computed from these arguments: "
                   "it overflows 64 bits or divides by zero",
                   name);
}

tritonbind_status tb_fail_no_variant(const tb_function *function)
{
    return tb_fail(function, TRITONBIND_RUNTIME_ERROR, "no variant was built for these arguments");
}

int32_t tb_choose_value(const tb_function *function, const char *name, int64_t value,
                        const int64_t *choices, int32_t count)
{
    char held[256];
    size_t length = 0;
    for (int32_t i = 0; i < count; i++)
        if (choices[i] == value)
            return i;
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

/* How the row compares with the key: negative, 0 or positive. */
static int compare_keys(const int64_t *row, const int64_t *key, int32_t columns)
{
    for (int32_t i = 0; i < columns; i++)
        if (row[i] != key[i])
            return row[i] < key[i] ? -1 : 1;
    return 0;
}

int32_t tb_find_tuned(const int64_t *keys, const uint8_t *tuned, int32_t rows, int32_t columns,
                      const int64_t *key)
{
    int32_t low = 0, high = rows;
    while (low < high) {
        int32_t middle = low + (high - low) / 2;
        int order = compare_keys(keys + (int64_t)middle * columns, key, columns);
        if (order == 0)
            return tuned[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return 0;
}

int32_t tb_usable(const tb_function *function, tb_image *targets, int32_t target_count,
                  const uint8_t *usable, int32_t count, int32_t configuration, int32_t *device)
{
    const tb_variant held = {.images = targets, .image_count = target_count};
    const tb_device *facts = tb_device_facts(function, device);
    if (facts == NULL)
        return -1;
    const tb_image *target = tb_choose_image(&held, facts->capability);
    if (target == NULL) {
        tb_fail_no_image(function, &held, *device, facts->capability);
        return -1;
    }
    return usable[(target - targets) * count + configuration];
}

int64_t tb_sm_count(const tb_function *function, int32_t *device)
{
    const tb_device *facts = tb_device_facts(function, device);
    return facts == NULL ? -1 : facts->sm_count;
}
