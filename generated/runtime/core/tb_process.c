/* Threads and unloading; nothing here knows what the work is. */
#define _GNU_SOURCE
#include "tb_process.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;
static tb_claim *claims; /* of all threads that work */
static tb_pause pause;

void tb_lock(void)
{
    pthread_mutex_lock(&lock);
}

void tb_unlock(void)
{
    pthread_mutex_unlock(&lock);
}

void tb_pause_by(const tb_pause *given)
{
    pause = *given;
}

/* ---- work ---- */

static bool is_claimed(const void *what, int32_t device)
{
    for (const tb_claim *claim = claims; claim != NULL; claim = claim->next)
        if (claim->what == what && claim->device == device)
            return true;
    return false;
}

void tb_begin_work(tb_claim *claim, const void *what, int32_t device)
{
    *claim = (tb_claim){
        .what = what, .device = device, .paused = pause.begin == NULL ? NULL : pause.begin()};
    tb_lock();
    while (is_claimed(what, device))
        pthread_cond_wait(&ended, &lock);
    claim->next = claims;
    claims = claim;
    tb_unlock();
}

void tb_end_work(tb_claim *claim)
{
    tb_lock();
    for (tb_claim **place = &claims; *place != NULL; place = &(*place)->next) {
        if (*place == claim) {
            *place = claim->next;
            break;
        }
    }
    pthread_cond_broadcast(&ended);
    tb_unlock();
    if (claim->paused != NULL)
        pause.end(claim->paused);
}

/* ---- forks ---- */

/* In the child, where the threads that worked are no more. */
static void after_fork(void)
{
    const pthread_mutex_t open_lock = PTHREAD_MUTEX_INITIALIZER;
    const pthread_cond_t nobody = PTHREAD_COND_INITIALIZER;
    memcpy(&lock, &open_lock, sizeof lock);
    memcpy(&ended, &nobody, sizeof ended);
    claims = NULL;
}

/* The C library forgets it when it unloads this one. */
__attribute__((constructor)) static void watch_forks(void)
{
    (void)pthread_atfork(NULL, NULL, after_fork);
}

/* ---- unloading ---- */

void tb_stay(void)
{
    static int stays;
    Dl_info here;
    if (__atomic_exchange_n(&stays, 1, __ATOMIC_ACQ_REL))
        return;
    /* A program that has all this in itself is not found so, and is not unloaded either. */
    if (dladdr(&stays, &here) != 0 && here.dli_fname != NULL
        && dlopen(here.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE) == NULL)
        (void)dlerror();
}
