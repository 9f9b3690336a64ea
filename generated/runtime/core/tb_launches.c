/* Finding what a call chooses among the launches that a function was built for. */
#include "tb_launches.h"

#include <stdio.h>

/* How many choices differ between two combinations. */
static int32_t difference(const tb_choice *choices, int32_t count, int64_t one, int64_t other)
{
    int32_t found = 0;
    for (int32_t i = count - 1; i >= 0; i--) {
        found += one % choices[i].count != other % choices[i].count;
        one /= choices[i].count;
        other /= choices[i].count;
    }
    return found;
}

/* The choices of `one` in which it differs from `other`, in order, as far as there is room. */
static void list_choices(const tb_choice *choices, int32_t count, int64_t one, int64_t other,
                         char *text, size_t size)
{
    size_t length = 0;
    int64_t weight = 1;
    text[0] = 0;
    for (int32_t i = 1; i < count; i++)
        weight *= choices[i].count;
    for (int32_t i = 0; i < count && length < size; i++) {
        int64_t own = one / weight % choices[i].count;
        if (own != other / weight % choices[i].count && choices[i].texts[own][0] != 0) {
            int written = snprintf(text + length, size - length, "%s%s", length == 0 ? "" : ", ",
                                   choices[i].texts[own]);
            length += written < 0 ? 0 : (size_t)written;
        }
        if (i + 1 < count)
            weight /= choices[i + 1].count;
    }
}

int32_t tb_fail_combination(const tb_function *function, const tb_choice *choices, int32_t count,
                            const int64_t *built, int32_t built_count, int64_t combination)
{
    char call[1024], nearest[1024];
    int64_t found = built[0];
    int32_t least = difference(choices, count, found, combination);
    for (int32_t i = 1; i < built_count; i++) {
        int32_t other = difference(choices, count, built[i], combination);
        if (other < least) {
            found = built[i];
            least = other;
        }
    }
    list_choices(choices, count, combination, found, call, sizeof call);
    list_choices(choices, count, found, combination, nearest, sizeof nearest);
    tb_fail(function, TRITONBIND_VALUE_ERROR,
            "no such launch was built: this one has %s, and the nearest that was built has %s",
            call, nearest);
    return -1;
}
