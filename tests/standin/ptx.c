/* Reads as much of a PTX text as the driver needs before it compiles: version, target, entries. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "standin.h"

enum { TOKEN_LIMIT = 1024 };

struct reader {
    const char *at;
    char token[TOKEN_LIMIT]; /* "" at the end of the text */
};

static const struct {
    const char *name;
    uint32_t size;
} types[] = {
    {".b8", 1},  {".u8", 1},  {".s8", 1},  {".b16", 2}, {".u16", 2},   {".s16", 2},
    {".f16", 2}, {".b32", 4}, {".u32", 4}, {".s32", 4}, {".f32", 4},   {".f16x2", 4},
    {".b64", 8}, {".u64", 8}, {".s64", 8}, {".f64", 8}, {".b128", 16},
};

static const char *skip_blank(const char *at)
{
    for (;;) {
        const char *end = NULL;
        while (isspace((unsigned char)*at))
            at++;
        if (strncmp(at, "//", 2) == 0)
            end = strchr(at, '\n');
        else if (strncmp(at, "/*", 2) == 0)
            end = strstr(at + 2, "*/");
        else
            return at;
        if (end == NULL)
            return at + strlen(at);
        at = *end == '\n' ? end + 1 : end + 2;
    }
}

static int in_word(char character)
{
    return isalnum((unsigned char)character) || character == '_' || character == '$'
           || character == '%';
}

/* Directives keep their dot (`.param`), numbers theirs (`8.8`), strings are one token. */
static const char *next(struct reader *reader)
{
    const char *start = skip_blank(reader->at);
    const char *end = start;
    size_t length;
    if (*start == '"') {
        end = strchr(start + 1, '"');
        end = end == NULL ? start + strlen(start) : end + 1;
    } else if (*start != '\0') {
        end++;
        if (*start == '.' || in_word(*start))
            while (in_word(*end) || (*end == '.' && isdigit((unsigned char)*start)))
                end++;
    }
    length = (size_t)(end - start);
    length = length < TOKEN_LIMIT ? length : TOKEN_LIMIT - 1;
    memcpy(reader->token, start, length);
    reader->token[length] = '\0';
    reader->at = end;
    return reader->token;
}

static int is(const struct reader *reader, const char *token)
{
    return strcmp(reader->token, token) == 0;
}

static int at_end(const struct reader *reader)
{
    return reader->token[0] == '\0';
}

static uint32_t type_size(const char *name)
{
    for (size_t row = 0; row < sizeof types / sizeof types[0]; row++)
        if (strcmp(types[row].name, name) == 0)
            return types[row].size;
    return 0;
}

/* `.param .align 2 .b8 name[2]`, up to the comma or parenthesis after it. An alignment behind
 * `.ptr` is that of the memory pointed to. */
static int read_parameter(struct reader *reader, struct parameter *parameter, uint32_t offset)
{
    uint32_t size = 0, count = 1, alignment = 0;
    int is_pointer = 0;
    while (!is(reader, ",") && !is(reader, ")")) {
        if (at_end(reader))
            return -1;
        if (type_size(reader->token) != 0)
            size = type_size(reader->token);
        is_pointer = is_pointer || is(reader, ".ptr");
        if (is(reader, ".align") && !is_pointer)
            alignment = (uint32_t)strtoul(next(reader), NULL, 10);
        else if (is(reader, "["))
            count = (uint32_t)strtoul(next(reader), NULL, 10);
        next(reader);
    }
    alignment = alignment != 0 ? alignment : size;
    if (size == 0 || count == 0 || (alignment & (alignment - 1)) != 0)
        return -1;
    parameter->size = size * count;
    parameter->offset = (offset + alignment - 1) & ~(alignment - 1);
    return 0;
}

static int read_parameters(struct reader *reader, struct CUkern_st *kernel)
{
    size_t capacity = 0;
    uint32_t offset = 0;
    next(reader);
    while (!is(reader, ")")) {
        struct parameter *parameter;
        if (!is(reader, ".param"))
            return -1;
        if (kernel->parameter_count == capacity) {
            struct parameter *old = kernel->parameters;
            capacity = capacity == 0 ? 16 : 2 * capacity;
            kernel->parameters = checked_allocation(capacity * sizeof *old);
            if (old != NULL)
                memcpy(kernel->parameters, old, kernel->parameter_count * sizeof *old);
            free(old);
        }
        parameter = &kernel->parameters[kernel->parameter_count++];
        if (read_parameter(reader, parameter, offset) != 0)
            return -1;
        offset = parameter->offset + parameter->size;
        if (is(reader, ","))
            next(reader);
    }
    next(reader);
    return 0;
}

/* `128` or `128, 1, 1`; leaves the reader at what follows. */
static void read_dimensions(struct reader *reader, uint32_t *values)
{
    values[0] = values[1] = values[2] = 1;
    for (int axis = 0; axis < 3; axis++) {
        values[axis] = (uint32_t)strtoul(next(reader), NULL, 10);
        if (strcmp(next(reader), ",") != 0)
            break;
    }
}

static int read_entry(struct reader *reader, struct CUlib_st *library)
{
    struct CUkern_st *kernel;
    uint32_t threads[3];
    next(reader);
    if (!in_word(reader->token[0]))
        return -1;
    kernel = image_add_kernel(library, reader->token, strlen(reader->token));
    if (strcmp(next(reader), "(") == 0 && read_parameters(reader, kernel) != 0)
        return -1;
    while (!is(reader, "{")) {
        if (at_end(reader) || is(reader, ";"))
            return -1;
        if (is(reader, ".reqntid")) {
            read_dimensions(reader, kernel->required_block);
        } else if (is(reader, ".reqnctapercluster")) {
            read_dimensions(reader, kernel->cluster);
        } else if (is(reader, ".maxntid")) {
            read_dimensions(reader, threads);
            kernel->maximum_threads = threads[0] * threads[1] * threads[2];
        } else {
            next(reader);
        }
    }
    return 0;
}

/* "8.8" -> 88 */
static int read_version(const char *text)
{
    char *end;
    long major = strtol(text, &end, 10);
    return *end == '.' ? (int)(10 * major + strtol(end + 1, NULL, 10)) : -1;
}

static int read_target(const char *text, struct CUlib_st *library)
{
    char *end;
    if (strncmp(text, "sm_", 3) != 0)
        return -1;
    library->architecture = (int)strtol(text + 3, &end, 10);
    library->suffix = *end;
    return library->architecture > 0
                   && (*end == '\0' || strcmp(end, "a") == 0 || strcmp(end, "f") == 0)
               ? 0
               : -1;
}

int ptx_recognise(const char *text)
{
    return strncmp(skip_blank(text), ".version", 8) == 0;
}

CUresult ptx_parse(const char *text, struct CUlib_st *library)
{
    struct reader reader = {text, ""};
    int version, state = 0;
    next(&reader);
    version = read_version(next(&reader));
    if (version < 0)
        return CUDA_ERROR_INVALID_PTX;
    if (version > driver_ptx_version())
        return CUDA_ERROR_UNSUPPORTED_PTX_VERSION;
    if (strcmp(next(&reader), ".target") != 0 || read_target(next(&reader), library) != 0)
        return CUDA_ERROR_INVALID_PTX;
    while (state == 0 && !at_end(&reader)) {
        next(&reader);
        if (is(&reader, ".entry"))
            state = read_entry(&reader, library);
    }
    return state == 0 && library->kernels != NULL ? CUDA_SUCCESS : CUDA_ERROR_INVALID_PTX;
}
