/* Threads, forks and unloading; nothing here knows what the work is. */
#define _GNU_SOURCE
#include "tb_process.h"
#include "tb_driver.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;
static tb_claim *claims; /* of all threads that work */
static bool is_started, is_forked;

void tb_lock(void)
{
    pthread_mutex_lock(&lock);
}

void tb_unlock(void)
{
    pthread_mutex_unlock(&lock);
}

/* ---- Python's lock ---- */

typedef struct gil_functions {
    void *(*current)(void);
    void *(*own)(void);
    void *(*release)(void);
    void (*take)(void *state);
} gil_functions;

static bool find_gil(gil_functions *gil)
{
    static const char *const names[] = {"PyThreadState_GetUnchecked", "PyGILState_GetThisThreadState",
                                        "PyEval_SaveThread", "PyEval_RestoreThread"};
    void *symbols[sizeof names / sizeof *names];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        symbols[i] = dlsym(RTLD_DEFAULT, names[i]);
        if (symbols[i] == NULL && i == 0) /* its name before Python 3.13 */
            symbols[i] = dlsym(RTLD_DEFAULT, "_PyThreadState_UncheckedGet");
        if (symbols[i] == NULL)
            return false;
    }
    memcpy(gil, symbols, sizeof symbols);
    return true;
}

/* Releases Python's lock if this thread holds it; what to take it again with, or NULL. Calls come
 * without it, unless TVM FFI is told to keep it. */
static void *let_python_run(void)
{
    gil_functions gil;
    if (!find_gil(&gil))
        return NULL;
    void *current = gil.current();
    return current != NULL && current == gil.own() ? gil.release() : NULL;
}

static void stop_python(void *state)
{
    gil_functions gil;
    if (state != NULL && find_gil(&gil))
        gil.take(state);
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
    *claim = (tb_claim){.what = what, .device = device, .python = let_python_run()};
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
    stop_python(claim->python);
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
    is_forked = is_forked || is_started;
    if (is_forked) /* a launch looks at this alone */
        __atomic_store_n(&tb_the_driver.is_open, 0, __ATOMIC_RELEASE);
}

/* The C library forgets it when it unloads this one. */
__attribute__((constructor)) static void watch_forks(void)
{
    (void)pthread_atfork(NULL, NULL, after_fork);
}

void tb_cuda_starts(void)
{
    __atomic_store_n(&is_started, true, __ATOMIC_RELEASE);
}

void tb_cuda_started(bool is_open)
{
    __atomic_store_n(&is_started, is_open, __ATOMIC_RELEASE);
}

bool tb_is_forked(void)
{
    return is_forked;
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
