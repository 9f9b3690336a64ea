/* The clock of the devices: launches take the time that a test gives their images, events tell it.
 *
 * A file has a line for each image: its hash, nanoseconds, and nanoseconds for each block of the
 * grid; or its hash, `fails` and the error that spoils the context.
 */
#define _POSIX_C_SOURCE 200809L

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "standin.h"

static const double unknown_nanoseconds = 1000;

struct time {
    uint64_t hash;
    double fixed;
    double for_each_block;
    int result;
    struct time *next;
};

struct event {
    double time;
    int recorded;
    struct event *next;
};

static struct time *times;
static struct event *events;
static double now;
static CUresult spoilt = CUDA_SUCCESS;

static int parse_line(const char *line, struct time *row)
{
    if (sscanf(line, "%" SCNu64 " fails %d", &row->hash, &row->result) == 2)
        return 0;
    row->result = CUDA_SUCCESS;
    return sscanf(line, "%" SCNu64 " %lf %lf", &row->hash, &row->fixed, &row->for_each_block) == 3
               ? 0
               : -1;
}

int times_read(const char *path)
{
    char line[256];
    int result = 0;
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return -1;
    while (result == 0 && fgets(line, sizeof line, file) != NULL) {
        struct time *row = checked_allocation(sizeof *row);
        row->next = times;
        times = row;
        result = parse_line(line, row);
    }
    fclose(file);
    return result;
}

void time_launch(uint64_t hash, uint64_t blocks)
{
    const struct time *row = times;
    while (row != NULL && row->hash != hash)
        row = row->next;
    if (row == NULL)
        now += unknown_nanoseconds;
    else if (row->result != CUDA_SUCCESS)
        spoilt = (CUresult)row->result;
    else
        now += row->fixed + row->for_each_block * (double)blocks;
}

void time_advance(double nanoseconds)
{
    now += nanoseconds;
}

CUresult time_spoilt(void)
{
    return spoilt;
}

void times_forget(void)
{
    while (times != NULL) {
        struct time *next = times->next;
        free(times);
        times = next;
    }
    now = 0;
    spoilt = CUDA_SUCCESS;
}

static struct event *known(struct event *event)
{
    struct event *one = events;
    while (one != NULL && one != event)
        one = one->next;
    return one;
}

CUresult event_create(CUevent *place)
{
    if (place == NULL)
        return CUDA_ERROR_INVALID_VALUE;
    *place = checked_allocation(sizeof **place);
    (*place)->next = events;
    events = *place;
    return CUDA_SUCCESS;
}

CUresult event_record(CUevent event)
{
    if (known(event) == NULL)
        return CUDA_ERROR_INVALID_HANDLE;
    event->time = now;
    event->recorded = 1;
    return CUDA_SUCCESS;
}

CUresult event_elapsed(float *milliseconds, CUevent start, CUevent end)
{
    if (milliseconds == NULL)
        return CUDA_ERROR_INVALID_VALUE;
    if (known(start) == NULL || known(end) == NULL || !start->recorded || !end->recorded)
        return CUDA_ERROR_INVALID_HANDLE;
    *milliseconds = (float)((end->time - start->time) / 1e6);
    return CUDA_SUCCESS;
}

CUresult event_destroy(CUevent event)
{
    struct event **place = &events;
    while (*place != NULL && *place != event)
        place = &(*place)->next;
    if (*place == NULL)
        return CUDA_ERROR_INVALID_HANDLE;
    *place = event->next;
    free(event);
    return CUDA_SUCCESS;
}
