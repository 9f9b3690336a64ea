/* The memory of this process. */
#ifndef TB_MEMORY_H
#define TB_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#pragma GCC visibility push(hidden)

/* Whether the process has all of these bytes in its address space, or cannot tell. */
bool tb_is_mapped(const void *address, size_t size);

#pragma GCC visibility pop

#endif
