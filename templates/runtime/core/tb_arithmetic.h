/* Python's integer arithmetic on int64_t: the functions that translated expressions call.
 *
 * The plain functions are called only where the ranges of the arguments exclude overflow and a zero
 * divisor. The tb_checked_ ones accept anything: what has no int64_t result, or raises an exception
 * in Python, sets *failed to 1 and gives 0. They never set it back to 0.
 */
#ifndef TB_ARITHMETIC_H
#define TB_ARITHMETIC_H

#include <stdint.h>

/* x // y, rounded down; y != 0 */
static inline int64_t tb_floordiv(int64_t x, int64_t y)
{
    return x / y - (x % y != 0 && (x < 0) != (y < 0));
}

/* x % y, with the sign of y; y != 0 */
static inline int64_t tb_mod(int64_t x, int64_t y)
{
    int64_t remainder = y == -1 ? 0 : x % y; /* INT64_MIN % -1 overflows */
    return remainder != 0 && (remainder < 0) != (y < 0) ? remainder + y : remainder;
}

/* (x + (y - 1)) // y without that sum, which can overflow; y > 0 */
static inline int64_t tb_cdiv(int64_t x, int64_t y)
{
    return x / y + (x % y > 0);
}

static inline int64_t tb_min(int64_t x, int64_t y)
{
    return y < x ? y : x;
}

static inline int64_t tb_max(int64_t x, int64_t y)
{
    return y > x ? y : x;
}

/* x != INT64_MIN */
static inline int64_t tb_abs(int64_t x)
{
    return x < 0 ? -x : x;
}

/* As triton.next_power_of_2, which gives 0 for x <= 0; x <= 2 ** 62 */
static inline int64_t tb_next_power_of_2(int64_t x)
{
    int64_t power = 1;
    if (x <= 0) {
        return 0;
    }
    while (power < x) {
        power *= 2;
    }
    return power;
}

/* Python's x.bit_length() */
static inline int64_t tb_bit_length(int64_t x)
{
    uint64_t magnitude = x < 0 ? 0 - (uint64_t)x : (uint64_t)x;
    int64_t length = 0;
    while (magnitude != 0) {
        magnitude >>= 1;
        length++;
    }
    return length;
}

static inline int64_t tb_checked_add(int64_t x, int64_t y, int *failed)
{
    int64_t sum;
    if (__builtin_add_overflow(x, y, &sum)) {
        *failed = 1;
        return 0;
    }
    return sum;
}

static inline int64_t tb_checked_sub(int64_t x, int64_t y, int *failed)
{
    int64_t difference;
    if (__builtin_sub_overflow(x, y, &difference)) {
        *failed = 1;
        return 0;
    }
    return difference;
}

static inline int64_t tb_checked_mul(int64_t x, int64_t y, int *failed)
{
    int64_t product;
    if (__builtin_mul_overflow(x, y, &product)) {
        *failed = 1;
        return 0;
    }
    return product;
}

static inline int64_t tb_checked_floordiv(int64_t x, int64_t y, int *failed)
{
    if (y == 0 || (x == INT64_MIN && y == -1)) {
        *failed = 1;
        return 0;
    }
    return tb_floordiv(x, y);
}

static inline int64_t tb_checked_mod(int64_t x, int64_t y, int *failed)
{
    if (y == 0) {
        *failed = 1;
        return 0;
    }
    return tb_mod(x, y);
}

/* For y < 0, (x + (y - 1)) // y is 1 + (x - 1) // y, and x - 1 crosses a multiple of y only where
 * x % y is y + 1. */
static inline int64_t tb_checked_cdiv(int64_t x, int64_t y, int *failed)
{
    if (y > 0) {
        return tb_cdiv(x, y);
    }
    if (y == 0 || (x == INT64_MIN && y == -1)) {
        *failed = 1;
        return 0;
    }
    return tb_checked_add(tb_floordiv(x, y), 1 + (tb_mod(x, y) == y + 1), failed);
}

static inline int64_t tb_checked_abs(int64_t x, int *failed)
{
    if (x == INT64_MIN) {
        *failed = 1;
        return 0;
    }
    return tb_abs(x);
}

static inline int64_t tb_checked_next_power_of_2(int64_t x, int *failed)
{
    if (x > INT64_C(1) << 62) {
        *failed = 1;
        return 0;
    }
    return tb_next_power_of_2(x);
}

static inline int64_t tb_checked_shift_left(int64_t x, int64_t count, int *failed)
{
    if (x == 0 && count >= 0) {
        return 0;
    }
    if (x == -1 && count == 63) {
        return INT64_MIN;
    }
    if (count < 0 || count > 62) {
        *failed = 1;
        return 0;
    }
    return tb_checked_mul(x, INT64_C(1) << count, failed);
}

static inline int64_t tb_checked_shift_right(int64_t x, int64_t count, int *failed)
{
    if (count < 0) {
        *failed = 1;
        return 0;
    }
    return x >> (count > 63 ? 63 : count);
}

#endif
