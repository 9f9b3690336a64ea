/* Finds CPython's functions and objects by their names. */
#define _GNU_SOURCE
#include "tb_cpython.h"

#include <dlfcn.h>
#include <string.h>

typedef struct entry_point {
    const char *name;
    size_t offset;
} entry_point;

#define ENTRY(member, name) {name, offsetof(tb_python_functions, member)}

static const entry_point entry_points[] = {
    ENTRY(new_type, "PyType_FromSpec"),
    ENTRY(new_object, "PyType_GenericAlloc"),
    ENTRY(call_object, "PyVectorcall_Call"),
    ENTRY(new_text, "PyUnicode_FromFormat"),
    ENTRY(call, "PyObject_Vectorcall"),
    ENTRY(type_of, "PyObject_Type"),
    ENTRY(retain, "Py_IncRef"),
    ENTRY(release, "Py_DecRef"),
    ENTRY(integer, "PyLong_AsLongLongAndOverflow"),
    ENTRY(real, "PyFloat_AsDouble"),
    ENTRY(text, "PyUnicode_AsUTF8AndSize"),
    ENTRY(attribute, "PyObject_GetAttrString"),
    ENTRY(capsule_pointer, "PyCapsule_GetPointer"),
    ENTRY(tuple_size, "PyTuple_Size"),
    ENTRY(tuple_item, "PyTuple_GetItem"),
    ENTRY(format_error, "PyErr_Format"),
    ENTRY(clear_error, "PyErr_Clear"),
    ENTRY(release_gil, "PyEval_SaveThread"),
    ENTRY(take_gil, "PyEval_RestoreThread"),
    ENTRY(enter, "PyGILState_Ensure"),
    ENTRY(leave, "PyGILState_Release"),
    ENTRY(int_type, "PyLong_Type"),
    ENTRY(float_type, "PyFloat_Type"),
    ENTRY(str_type, "PyUnicode_Type"),
    ENTRY(none, "_Py_NoneStruct"),
    ENTRY(true_, "_Py_TrueStruct"),
    ENTRY(false_, "_Py_FalseStruct"),
    ENTRY(type_error, "PyExc_TypeError"),
    ENTRY(value_error, "PyExc_ValueError"),
    ENTRY(runtime_error, "PyExc_RuntimeError"),
};

bool tb_find_python(tb_python_functions *python)
{
    tb_python_functions found;
    for (size_t i = 0; i < sizeof entry_points / sizeof *entry_points; i++) {
        void *symbol = dlsym(RTLD_DEFAULT, entry_points[i].name);
        if (symbol == NULL)
            return false;
        memcpy((char *)&found + entry_points[i].offset, &symbol, sizeof symbol);
    }
    *python = found;
    return true;
}
