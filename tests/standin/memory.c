/* Stream-ordered memory: what was taken and given back, when and on which stream. None is there. */
#define _GNU_SOURCE

#include <stdio.h>
#include <stdlib.h>

#include "standin.h"

static const uint64_t device_bytes = (uint64_t)80 << 30;

struct allocation {
    uint64_t address;
    uint64_t size;
    CUstream stream;
    CUcontext context;
    unsigned long taken; /* its place in the order of launches and these calls */
    unsigned long given; /* 0: not given back */
    CUstream given_stream;
    struct allocation *next;
};

static struct allocation *allocations; /* oldest first */
static uint64_t next_address = (uint64_t)0x7e << 40;
static int no_pools;

static struct allocation **end_of_list(void)
{
    struct allocation **place = &allocations;
    while (*place != NULL)
        place = &(*place)->next;
    return place;
}

static uint64_t bytes_in_use(void)
{
    uint64_t sum = 0;
    for (const struct allocation *one = allocations; one != NULL; one = one->next)
        sum += one->given == 0 ? one->size : 0;
    return sum;
}

static CUresult take(CUdeviceptr *place, size_t size, CUstream stream)
{
    struct allocation *one;
    CUcontext context;
    CUresult result;
    if (place == NULL || size == 0)
        return CUDA_ERROR_INVALID_VALUE;
    result = context_of_stream(stream, &context);
    if (result != CUDA_SUCCESS)
        return result;
    if (size > device_bytes - bytes_in_use())
        return CUDA_ERROR_OUT_OF_MEMORY;
    one = checked_allocation(sizeof *one);
    one->address = next_address;
    next_address += (size + 511) & ~(uint64_t)511;
    one->size = size;
    one->stream = stream;
    one->context = context;
    one->taken = records_next();
    *end_of_list() = one;
    *place = one->address;
    return CUDA_SUCCESS;
}

CUresult memory_take(CUdeviceptr *place, size_t size, CUstream stream)
{
    return no_pools ? CUDA_ERROR_NOT_SUPPORTED : take(place, size, stream);
}

CUresult memory_take_plainly(CUdeviceptr *place, size_t size)
{
    return take(place, size, NULL);
}

CUresult memory_info(size_t *free_bytes, size_t *total_bytes)
{
    if (free_bytes == NULL || total_bytes == NULL)
        return CUDA_ERROR_INVALID_VALUE;
    *total_bytes = (size_t)device_bytes;
    *free_bytes = (size_t)(device_bytes - bytes_in_use());
    return CUDA_SUCCESS;
}

CUresult memory_check(CUdeviceptr address, size_t size)
{
    for (const struct allocation *one = allocations; one != NULL; one = one->next)
        if (one->given == 0 && address >= one->address
            && address + size <= one->address + one->size)
            return CUDA_SUCCESS;
    return CUDA_ERROR_INVALID_VALUE;
}

CUresult memory_give(CUdeviceptr address, CUstream stream)
{
    struct allocation *one = allocations;
    while (one != NULL && one->address != address)
        one = one->next;
    if (one == NULL || one->given != 0)
        return CUDA_ERROR_INVALID_VALUE;
    one->given = records_next();
    one->given_stream = stream;
    return CUDA_SUCCESS;
}

int memory_has_pools(void)
{
    return !no_pools;
}

void memory_switch_pools(int on)
{
    no_pools = !on;
}

void memory_forget(void)
{
    while (allocations != NULL) {
        struct allocation *next = allocations->next;
        free(allocations);
        allocations = next;
    }
}

size_t memory_count(void)
{
    size_t count = 0;
    for (const struct allocation *one = allocations; one != NULL; one = one->next)
        count++;
    return count;
}

size_t memory_write(size_t index, char *buffer, size_t capacity)
{
    const struct allocation *one = allocations;
    while (one != NULL && index-- > 0)
        one = one->next;
    if (one == NULL)
        return (size_t)-1;
    return (size_t)snprintf(
        buffer, capacity,
        "{\"address\": %llu, \"size\": %llu, \"stream\": %llu, \"context\": %llu, \"device\": %d, "
        "\"taken\": %lu, \"given\": %lu, \"given_stream\": %llu}",
        (unsigned long long)one->address, (unsigned long long)one->size,
        (unsigned long long)(size_t)one->stream, (unsigned long long)(size_t)one->context,
        one->context->device, one->taken, one->given,
        (unsigned long long)(size_t)one->given_stream);
}
