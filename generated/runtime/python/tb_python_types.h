/* What Python calls the types of its objects. */
#ifndef TB_PYTHON_TYPES_H
#define TB_PYTHON_TYPES_H

#include <stddef.h>

#pragma GCC visibility push(hidden)

/* The full name of a Python object's type; nothing where no Python is found. */
void tb_name_type(void *object, char *text, size_t size);

#pragma GCC visibility pop

#endif
