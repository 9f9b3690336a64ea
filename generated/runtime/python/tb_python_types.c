/* What Python calls the types of its objects. Found in the process when a message needs it. */
#include "tb_python_types.h"
#include "../core/tb_text.h"
#include "tb_cpython.h"

#include <stdio.h>
#include <string.h>

/* A text among the attributes; nothing where there is none. */
static void read_text(const tb_python_functions *python, void *object, const char *name, char *text,
                      size_t size)
{
    void *value = python->attribute(object, name);
    intptr_t length = 0;
    const char *found = value == NULL ? NULL : python->text(value, &length);
    text[0] = 0;
    if (found != NULL)
        (void)tb_copy_text(found, (size_t)length, text, size);
    if (value != NULL)
        python->release(value);
    python->clear_error();
}

static void read_type(const tb_python_functions *python, void *object, char *text, size_t size)
{
    char module[TB_DESCRIPTION], name[TB_DESCRIPTION];
    void *type = python->type_of(object);
    read_text(python, type, "__module__", module, sizeof module);
    read_text(python, type, "__qualname__", name, sizeof name);
    python->release(type);
    text[0] = 0;
    if (strcmp(name, "_Unreadable") == 0) /* of _library.py */
        read_text(python, object, "described", text, size);
    if (text[0] == 0 && strcmp(module, "builtins") == 0)
        (void)tb_copy_text(name, strlen(name), text, size);
    else if (text[0] == 0)
        snprintf(text, size, "%s.%s", module, name);
}

void tb_name_type(void *object, char *text, size_t size)
{
    tb_python_functions python;
    text[0] = 0;
    if (!tb_find_python(&python))
        return;
    const int state = python.enter();
    read_type(&python, object, text, size);
    python.leave(state);
}
