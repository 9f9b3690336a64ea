/* A table of functions that are looked up by their names: nothing is linked. */
#ifndef TB_SYMBOLS_H
#define TB_SYMBOLS_H

#include <stddef.h>

#pragma GCC visibility push(hidden)

typedef struct tb_symbol {
    const char *name;
    size_t offset; /* of the pointer, in a structure */
} tb_symbol;

/* A row for a member of the structure. */
#define TB_SYMBOL(structure, member, name) {name, offsetof(structure, member)}

/* Fills in the members of `structure` from a library that dlopen gave, or all that the process
 * shows to everyone for NULL. The first name that is not there, or NULL; what was found by then is
 * set. */
const char *tb_find_symbols(void *library, const tb_symbol *symbols, size_t count, void *structure);

#pragma GCC visibility pop

#endif
