/* Python's lock. */
#include "tb_gil.h"
#include "../core/tb_symbols.h"

#include <stdbool.h>

typedef struct gil_functions {
    void *(*current)(void);
    void *(*own)(void);
    void *(*release)(void);
    void (*take)(void *state);
} gil_functions;

static const tb_symbol symbols[] = {
    TB_SYMBOL(gil_functions, own, "PyGILState_GetThisThreadState"),
    TB_SYMBOL(gil_functions, release, "PyEval_SaveThread"),
    TB_SYMBOL(gil_functions, take, "PyEval_RestoreThread"),
};
static const tb_symbol current = TB_SYMBOL(gil_functions, current, "PyThreadState_GetUnchecked");
static const tb_symbol current_before_3_13 =
    TB_SYMBOL(gil_functions, current, "_PyThreadState_UncheckedGet");

static bool find_gil(gil_functions *gil)
{
    return tb_find_symbols(NULL, symbols, sizeof symbols / sizeof *symbols, gil) == NULL
           && (tb_find_symbols(NULL, &current, 1, gil) == NULL
               || tb_find_symbols(NULL, &current_before_3_13, 1, gil) == NULL);
}

/* Calls come without it, unless TVM FFI is told to keep it. */
void *tb_let_python_run(void)
{
    gil_functions gil;
    if (!find_gil(&gil))
        return NULL;
    void *held = gil.current();
    return held != NULL && held == gil.own() ? gil.release() : NULL;
}

void tb_stop_python(void *state)
{
    gil_functions gil;
    if (find_gil(&gil))
        gil.take(state);
}
