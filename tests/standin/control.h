/* What tests ask of the stand-in: the devices it pretends to have, failures, counts, records.
 *
 * None of these counts as a driver call, nor needs cuInit. Contexts belong to the calling thread.
 * A program that knows nothing of them is configured by its environment:
 *   TRITONBIND_STANDIN_DEVICES  capabilities, each with its opt-in shared memory if need be:
 *                               "90,80:166912"; empty for no device, "90,90" when not set
 *   TRITONBIND_STANDIN_DRIVER   the driver's version, 13000 when not set
 *   TRITONBIND_STANDIN_PTX      the newest PTX that it takes, 90 for 9.0
 *   TRITONBIND_STANDIN_TIMES    a file of the times that launches take: see timing.c
 *   TRITONBIND_STANDIN_LOG      a file to which each launch is appended as a line of JSON
 */
#ifndef STANDIN_CONTROL_H
#define STANDIN_CONTROL_H

#include <stddef.h>

#include "cuda_abi.h"

#define EXPORT __attribute__((visibility("default")))

/* Pretend to have `count` devices of compute capability `capabilities[i]` (90 = 9.0) with
 * `shared_bytes[i]` of opt-in shared memory per block (0: what such a device has), and a driver of
 * version `driver` (13000 = 13.0) that takes PTX up to `ptx` (90 = 9.0; 0: what such a driver
 * takes). Without `capabilities`, or with driver 0, what was set before stays.
 * Returns 0, or -1 for nonsense and when cuInit has already run with another configuration. */
EXPORT int standin_configure(const int *capabilities, const int *shared_bytes, int count,
                             int driver, int ptx);

/* Forget records, memory, counts, failures, streams, capture, and every thread's context stack.
 * Libraries, contexts, kernel attributes and cuInit stay: the code under test holds on to them. */
EXPORT void standin_reset(void);

/* Let calls of `name` return `result`, `count` times (-1: for ever) after `skip` good ones.
 * Returns -1 when there is no such call. */
EXPORT int standin_fail(const char *name, int result, int skip, int count);

/* How often `name` was called since the last reset, failures included; -1 for no such call. */
EXPORT long standin_calls(const char *name);

/* The name of driver call number `index`, NULL past the last. */
EXPORT const char *standin_call_name(size_t index);

/* Switch the keeping of launch records off and on again, for loops that measure. */
EXPORT void standin_record(int on);

/* Pretend that another thread captures a graph in global mode: loading is then refused to
 * every thread that has not exchanged its own mode for the relaxed one. */
EXPORT void standin_capture(int on);

/* Let the next `count` loads of an image wait until this is called with 0. */
EXPORT void standin_hold(int count);

/* How many loads wait so. */
EXPORT int standin_held(void);

/* Pretend that the devices have memory pools, as they do after a reset, or that they have none. */
EXPORT void standin_pools(int on);

/* Let so much time go by on the devices, as a launch does. */
EXPORT void standin_advance(double nanoseconds);

EXPORT CUcontext standin_primary_context(int device);
EXPORT CUcontext standin_create_context(int device);
EXPORT CUcontext standin_current_context(void);
EXPORT int standin_push_context(CUcontext context);
EXPORT CUcontext standin_pop_context(void);
EXPORT void standin_clear_contexts(void);

/* Let `stream` belong to `context`; other streams belong to whichever context is current. */
EXPORT int standin_bind_stream(CUstream stream, CUcontext context);

EXPORT size_t standin_launch_count(void);

/* Writes launch number `index` as one line of JSON, as snprintf would: the result is the length
 * that it has or would have, (size_t)-1 when there is no such launch. */
EXPORT size_t standin_launch_json(size_t index, char *buffer, size_t capacity);

/* The same for stream-ordered allocations, given back or not. */
EXPORT size_t standin_allocation_count(void);
EXPORT size_t standin_allocation_json(size_t index, char *buffer, size_t capacity);

#endif
