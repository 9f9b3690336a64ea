/* What a process does with a library: threads that want the same at once, unloading. */
#ifndef TB_PROCESS_H
#define TB_PROCESS_H

#include <stdint.h>

#pragma GCC visibility push(hidden)

/* Held for a few instructions, never across a call that may take its time. */
void tb_lock(void);
void tb_unlock(void);

/* What a thread does before it works or waits, such as letting others run, and after it, with what
 * the first gave. */
typedef struct tb_pause {
    void *(*begin)(void);
    void (*end)(void *state);
} tb_pause;

/* Said once, before anything works. */
void tb_pause_by(const tb_pause *pause);

/* Work on `what` for a device, or for all of them, that one thread does while others that want the
 * same wait. */
typedef struct tb_claim {
    const void *what;
    int32_t device;
    void *paused; /* to be given back */
    struct tb_claim *next;
} tb_claim;

#define TB_ALL_DEVICES (-1)

void tb_begin_work(tb_claim *claim, const void *what, int32_t device);
void tb_end_work(tb_claim *claim);

/* Keeps the library in the process from now on: something in it holds on to its code. */
void tb_stay(void);

#pragma GCC visibility pop

#endif
