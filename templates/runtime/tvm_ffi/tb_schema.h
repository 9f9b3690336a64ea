/* A function's type schema, as TVM FFI's tools read it. */
#ifndef TB_SCHEMA_H
#define TB_SCHEMA_H

#include "../core/tb_function.h"

#pragma GCC visibility push(hidden)

/* The metadata of the function, or of the one that prepares its launch: JSON to be freed; NULL
 * without memory. */
char *tb_schema(const tb_function *function, bool prepares);

#pragma GCC visibility pop

#endif
