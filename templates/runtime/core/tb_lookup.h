/* Finding a key among many: the half of a hash table that C reads. */
#ifndef TB_LOOKUP_H
#define TB_LOOKUP_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

#pragma GCC visibility push(hidden)

/* Places of keys by their hash, -1 where nothing is. No table: there are few keys, to be looked
 * through one by one. */
typedef struct tb_slots {
    const int32_t *places;
    uint32_t mask;
} tb_slots;

static inline uint64_t tb_mix(uint64_t hash, uint64_t value)
{
    hash ^= value;
    hash = (hash ^ (hash >> 32)) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ (hash >> 29);
}

/* The place of a value among the choices, or -1. */
int32_t tb_find_int(const int64_t *choices, int32_t count, const tb_slots *slots, int64_t value);

/* The same of a text of this length; the choices that are NULL are no text's. */
int32_t tb_find_text(const char *const *choices, int32_t count, const tb_slots *slots,
                     const char *text, size_t length);

/* The configuration of a key, by its row in `keys`; 0 for keys that are not there. */
int32_t tb_find_tuned(const int64_t *keys, const uint16_t *tuned, int32_t rows, int32_t columns,
                      const tb_slots *slots, const int64_t *key);

/* The same; for keys that are not there that of the nearest one, which has the same in all columns
 * but those that `are_numbers`: nearness is by the ratios of these. 0 where no key is near. */
int32_t tb_find_nearest(const int64_t *keys, const uint16_t *tuned, int32_t rows, int32_t columns,
                        const tb_slots *slots, const int64_t *key, const bool *are_numbers);

#pragma GCC visibility pop

#endif
