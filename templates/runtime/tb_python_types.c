/* What Python calls the types of its objects. Found in the process when a message needs it. */
#define _GNU_SOURCE
#include "tb_arguments.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

typedef struct python_functions {
    int (*take_gil)(void);
    void (*give_gil)(int state);
    void *(*type_of)(void *object);
    void *(*attribute)(void *object, const char *name);
    const char *(*text)(void *object, intptr_t *length);
    void (*release)(void *object);
    void (*clear_error)(void);
} python_functions;

static bool find_python(python_functions *python)
{
    static const char *const names[] = {
        "PyGILState_Ensure",         "PyGILState_Release", "PyObject_Type",  "PyObject_GetAttrString",
        "PyUnicode_AsUTF8AndSize",   "Py_DecRef",          "PyErr_Clear"};
    void *symbols[sizeof names / sizeof *names];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        symbols[i] = dlsym(RTLD_DEFAULT, names[i]);
        if (symbols[i] == NULL)
            return false;
    }
    memcpy(python, symbols, sizeof symbols);
    return true;
}

/* A text among the attributes; nothing where there is none. */
static void read_text(const python_functions *python, void *object, const char *name, char *text,
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

static void read_type(const python_functions *python, void *object, char *text, size_t size)
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
    python_functions python;
    text[0] = 0;
    if (!find_python(&python))
        return;
    const int state = python.take_gil();
    read_type(&python, object, text, size);
    python.give_gil(state);
}
