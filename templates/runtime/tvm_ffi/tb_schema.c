/* A function's type schema: JSON in a string in JSON, as TVM FFI's tools read it. */
#include "tb_schema.h"

#include <stdlib.h>
#include <string.h>

#define QUOTE "\\\""
#define TYPE(name) "{" QUOTE "type" QUOTE ":" QUOTE name QUOTE "}"
#define GENERIC(name) "{" QUOTE "type" QUOTE ":" QUOTE name QUOTE "," QUOTE "args" QUOTE ":["
#define ADDRESS TYPE("int") "," TYPE("ctypes.c_void_p")
#define POINTER GENERIC("Union") TYPE("Tensor") "," ADDRESS "]}"
#define LIBRARY "," GENERIC("Optional") TYPE("ctypes.c_void_p") "]}"
#define STREAM "," GENERIC("Optional") GENERIC("Union") ADDRESS "]}]}"

static const char head[] = "{\"type_schema\":\"" GENERIC("ffi.Function");
static const char *const results[] = {TYPE("None"), TYPE("ffi.Function")};
static const char *const tails[] = {STREAM "]}\"}", STREAM LIBRARY "]}\"}"};

static const char *schema_of(const tb_argument *argument)
{
    static const char *const plain[] = {
        [TB_POINTER] = "," POINTER,    [TB_INT] = "," TYPE("int"),
        [TB_BOOL] = "," TYPE("bool"),  [TB_FLOAT] = "," TYPE("float"),
        [TB_STRING] = "," TYPE("str"), [TB_TENSOR] = "," TYPE("Tensor"),
    };
    static const char *const nullable[] = {
        [TB_POINTER] = "," GENERIC("Optional") POINTER "]}",
        [TB_INT] = "," GENERIC("Optional") TYPE("int") "]}",
        [TB_BOOL] = "," GENERIC("Optional") TYPE("bool") "]}",
        [TB_FLOAT] = "," GENERIC("Optional") TYPE("float") "]}",
        [TB_STRING] = "," GENERIC("Optional") TYPE("str") "]}",
    };
    const bool may_be_none = argument->nullable || argument->origin != NULL;
    return may_be_none ? nullable[argument->kind] : plain[argument->kind];
}

char *tb_schema(const tb_function *function, bool prepares)
{
    size_t length = sizeof head + strlen(results[prepares]) + strlen(tails[prepares]);
    for (int32_t i = 0; i < function->argument_count; i++)
        length += strlen(schema_of(&function->arguments[i]));
    char *text = malloc(length);
    if (text == NULL)
        return NULL;
    strcat(strcpy(text, head), results[prepares]);
    for (int32_t i = 0; i < function->argument_count; i++)
        strcat(text, schema_of(&function->arguments[i]));
    return strcat(text, tails[prepares]);
}
