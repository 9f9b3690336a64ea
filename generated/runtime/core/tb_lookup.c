/* Finding a key among many, by a table of hashes where there is one. */
#include "tb_lookup.h"

#include <string.h>

int32_t tb_find_int(const int64_t *choices, int32_t count, const tb_slots *slots, int64_t value)
{
    if (slots->places == NULL) {
        for (int32_t i = 0; i < count; i++)
            if (choices[i] == value)
                return i;
        return -1;
    }
    for (uint64_t at = tb_mix(0, (uint64_t)value);; at++) {
        int32_t place = slots->places[at & slots->mask];
        if (place < 0 || choices[place] == value)
            return place;
    }
}

static bool is_text(const char *choice, const char *text, size_t length)
{
    if (choice == NULL)
        return false;
    for (size_t i = 0; i < length; i++)
        if (choice[i] != text[i] || choice[i] == 0)
            return false;
    return choice[length] == 0;
}

static uint64_t word_at(const char *text)
{
    uint64_t word;
    memcpy(&word, text, sizeof word);
    return word;
}

/* The last eight bytes of a text, or all that it has, some of them twice. */
static uint64_t last_word(const char *text, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)text;
    uint32_t first, last;
    if (length >= 8)
        return word_at(text + length - 8);
    if (length >= 4) {
        memcpy(&first, text, sizeof first);
        memcpy(&last, text + length - 4, sizeof last);
        return first | (uint64_t)last << 32;
    }
    return length == 0 ? 0 : bytes[0] | bytes[length / 2] << 8 | bytes[length - 1] << 16;
}

/* Every machine that CUDA runs on has the low byte of a number first, as the table does. */
int32_t tb_find_text(const char *const *choices, int32_t count, const tb_slots *slots,
                     const char *text, size_t length)
{
    uint64_t at = tb_mix(0, length);
    if (slots->places == NULL) {
        for (int32_t i = 0; i < count; i++)
            if (is_text(choices[i], text, length))
                return i;
        return -1;
    }
    for (size_t i = 0; i + 8 < length; i += 8)
        at = tb_mix(at, word_at(text + i));
    at = tb_mix(at, last_word(text, length));
    for (;; at++) {
        int32_t place = slots->places[at & slots->mask];
        if (place < 0 || is_text(choices[place], text, length))
            return place;
    }
}

static bool are_equal(const int64_t *row, const int64_t *key, int32_t columns)
{
    for (int32_t i = 0; i < columns; i++)
        if (row[i] != key[i])
            return false;
    return true;
}

/* The row of a key, or -1. */
static int32_t row_of(const int64_t *keys, int32_t rows, int32_t columns, const tb_slots *slots,
                      const int64_t *key)
{
    uint64_t at = 0;
    if (slots->places == NULL) {
        for (int32_t i = 0; i < rows; i++)
            if (are_equal(keys + (int64_t)i * columns, key, columns))
                return i;
        return -1;
    }
    for (int32_t i = 0; i < columns; i++)
        at = tb_mix(at, (uint64_t)key[i]);
    for (;; at++) {
        int32_t place = slots->places[at & slots->mask];
        if (place < 0 || are_equal(keys + (int64_t)place * columns, key, columns))
            return place;
    }
}

int32_t tb_find_tuned(const int64_t *keys, const uint16_t *tuned, int32_t rows, int32_t columns,
                      const tb_slots *slots, const int64_t *key)
{
    int32_t row = row_of(keys, rows, columns, slots, key);
    return row < 0 ? 0 : tuned[row];
}

/* The binary logarithm of 1 + |number|, with 16 bits behind the point and straight lines between
 * powers of two; below zero for negative numbers. */
static int64_t logarithm(int64_t number)
{
    uint64_t size = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    uint64_t more = size + 1;
    int whole = 63 - __builtin_clzll(more);
    uint64_t above = more - (UINT64_C(1) << whole);
    uint64_t part = whole > 16 ? above >> (whole - 16) : above << (16 - whole);
    int64_t found = (int64_t)whole << 16 | (int64_t)part;
    return number < 0 ? -found : found;
}

/* How far a key is from a row; -1 where they differ in what is no number. */
static int64_t distance(const int64_t *row, const int64_t *key, int32_t columns,
                        const bool *are_numbers)
{
    int64_t sum = 0;
    for (int32_t i = 0; i < columns; i++) {
        int64_t apart = row[i] == key[i] ? 0 : logarithm(row[i]) - logarithm(key[i]);
        if (row[i] != key[i] && !are_numbers[i])
            return -1;
        sum += apart < 0 ? -apart : apart;
    }
    return sum;
}

int32_t tb_find_nearest(const int64_t *keys, const uint16_t *tuned, int32_t rows, int32_t columns,
                        const tb_slots *slots, const int64_t *key, const bool *are_numbers)
{
    int32_t nearest = row_of(keys, rows, columns, slots, key);
    int64_t least = INT64_MAX;
    if (nearest >= 0)
        return tuned[nearest];
    for (int32_t i = 0; i < rows; i++) {
        int64_t apart = distance(keys + (int64_t)i * columns, key, columns, are_numbers);
        if (apart >= 0 && apart < least) {
            least = apart;
            nearest = i;
        }
    }
    return nearest < 0 ? 0 : tuned[nearest];
}
