/* Finding what a call chooses among the launches that a function was built for. */
#ifndef TB_LAUNCHES_H
#define TB_LAUNCHES_H

#include "tb_error.h"

#pragma GCC visibility push(hidden)

/* One thing that a call chooses: how messages say each choice, "BLOCK=64"; "" where another says it
 * too. */
typedef struct tb_choice {
    const char *const *texts;
    int32_t count;
} tb_choice;

/* What a variant assumes, as bits of what can be so of a call. */
typedef struct tb_case {
    uint64_t facts;
    int32_t variant;
} tb_case;

/* The place of a combination of choices among those that were built, or -1 after failing. A
 * combination is a number in mixed radix: the last choice is its lowest digit. */
int32_t tb_fail_combination(const tb_function *function, const tb_choice *choices, int32_t count,
                            const int64_t *built, int32_t built_count, int64_t combination) TB_COLD;
static inline int32_t tb_find_combination(const tb_function *function, const tb_choice *choices,
                                          int32_t count, const int64_t *built, int32_t built_count,
                                          const tb_slots *slots, int64_t combination)
{
    int32_t place = tb_find_int(built, built_count, slots, combination);
    return place >= 0
               ? place
               : tb_fail_combination(function, choices, count, built, built_count, combination);
}

/* The variant of the first case that assumes nothing but what is so. The last assumes nothing. */
static inline int32_t tb_first_case(const tb_case *cases, uint64_t facts)
{
    while ((cases->facts & ~facts) != 0)
        cases++;
    return cases->variant;
}

#pragma GCC visibility pop

#endif
