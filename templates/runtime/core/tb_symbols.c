/* Looking up functions in a library. */
#define _GNU_SOURCE
#include "tb_symbols.h"

#include <dlfcn.h>
#include <string.h>

const char *tb_find_symbols(void *library, const tb_symbol *symbols, size_t count, void *structure)
{
    void *scope = library == NULL ? RTLD_DEFAULT : library;
    for (size_t i = 0; i < count; i++) {
        void *found = dlsym(scope, symbols[i].name);
        if (found == NULL)
            return symbols[i].name;
        memcpy((char *)structure + symbols[i].offset, &found, sizeof found);
    }
    return NULL;
}
