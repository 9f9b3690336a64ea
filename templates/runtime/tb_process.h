/* What a process does with a library: threads that want the same at once, forks, unloading. */
#ifndef TB_PROCESS_H
#define TB_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/* Held for a few instructions, never across a call that may take its time. */
void tb_lock(void);
void tb_unlock(void);

/* Work on `what` for a device, or for all of them, that one thread does while others that want the
 * same wait. Python's other threads run meanwhile, whoever waits or works. */
typedef struct tb_claim {
    const void *what;
    int32_t device;
    void *python; /* to be given back */
    struct tb_claim *next;
} tb_claim;

#define TB_ALL_DEVICES (-1)

void tb_begin_work(tb_claim *claim, const void *what, int32_t device);
void tb_end_work(tb_claim *claim);

/* Said before and after CUDA is started. */
void tb_cuda_starts(void);
void tb_cuda_started(bool is_open);

/* Whether CUDA was started before a fork that made this process, which cannot use it. */
bool tb_is_forked(void);

/* Keeps the library in the process from now on: something in it holds on to its code. */
void tb_stay(void);

#pragma GCC visibility pop

#endif
