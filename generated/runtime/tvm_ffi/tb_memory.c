/* The memory of this process. */
#define _GNU_SOURCE
#include "tb_memory.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static bool is_page_mapped(uintptr_t address)
{
    const uintptr_t size = (uintptr_t)sysconf(_SC_PAGESIZE);
    unsigned char is_resident;
    return mincore((void *)(address / size * size), 1, &is_resident) == 0 || errno != ENOMEM;
}

bool tb_is_mapped(const void *address, size_t size)
{
    const uintptr_t first = (uintptr_t)address;
    return is_page_mapped(first) && is_page_mapped(first + size - 1); /* of two pages at most */
}
