/* Finding a key among many: the half of a hash table that C reads. */
#ifndef TB_LOOKUP_H
#define TB_LOOKUP_H

#include <stdint.h>

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

#endif
