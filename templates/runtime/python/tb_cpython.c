/* Finds CPython's functions and objects by their names. */
#include "tb_cpython.h"
#include "../core/tb_symbols.h"

#define SYMBOL(member, name) TB_SYMBOL(tb_python_functions, member, name)

static const tb_symbol symbols[] = {
    SYMBOL(new_type, "PyType_FromSpec"),
    SYMBOL(new_object, "PyType_GenericAlloc"),
    SYMBOL(call_object, "PyVectorcall_Call"),
    SYMBOL(new_text, "PyUnicode_FromFormat"),
    SYMBOL(call, "PyObject_Vectorcall"),
    SYMBOL(type_of, "PyObject_Type"),
    SYMBOL(retain, "Py_IncRef"),
    SYMBOL(release, "Py_DecRef"),
    SYMBOL(integer, "PyLong_AsLongLongAndOverflow"),
    SYMBOL(real, "PyFloat_AsDouble"),
    SYMBOL(text, "PyUnicode_AsUTF8AndSize"),
    SYMBOL(attribute, "PyObject_GetAttrString"),
    SYMBOL(capsule_pointer, "PyCapsule_GetPointer"),
    SYMBOL(tuple_size, "PyTuple_Size"),
    SYMBOL(tuple_item, "PyTuple_GetItem"),
    SYMBOL(format_error, "PyErr_Format"),
    SYMBOL(clear_error, "PyErr_Clear"),
    SYMBOL(release_gil, "PyEval_SaveThread"),
    SYMBOL(take_gil, "PyEval_RestoreThread"),
    SYMBOL(enter, "PyGILState_Ensure"),
    SYMBOL(leave, "PyGILState_Release"),
    SYMBOL(int_type, "PyLong_Type"),
    SYMBOL(float_type, "PyFloat_Type"),
    SYMBOL(str_type, "PyUnicode_Type"),
    SYMBOL(none, "_Py_NoneStruct"),
    SYMBOL(true_, "_Py_TrueStruct"),
    SYMBOL(false_, "_Py_FalseStruct"),
    SYMBOL(type_error, "PyExc_TypeError"),
    SYMBOL(value_error, "PyExc_ValueError"),
    SYMBOL(runtime_error, "PyExc_RuntimeError"),
};

bool tb_find_python(tb_python_functions *python)
{
    tb_python_functions found;
    if (tb_find_symbols(NULL, symbols, sizeof symbols / sizeof *symbols, &found) != NULL)
        return false;
    *python = found;
    return true;
}
