/* The thread's last error. */
#include "tb_error.h"

#include <stdarg.h>
#include <stdio.h>

const char TB_IDENTITY = 0;

static __thread char message[4096];
static __thread tritonbind_status status_of_message;

const char *tb_last_error(void)
{
    return message;
}
TB_PUBLIC_NAME(tritonbind_last_error, tb_last_error);

tritonbind_status tb_last_status(void)
{
    return status_of_message;
}

static size_t append(size_t length, const char *format, ...) __attribute__((format(printf, 2, 3)));

static size_t append(size_t length, const char *format, ...)
{
    va_list rest;
    va_start(rest, format);
    int written = vsnprintf(message + length, sizeof message - length, format, rest);
    va_end(rest);
    length += written < 0 ? 0 : (size_t)written;
    return length < sizeof message ? length : sizeof message - 1;
}

tritonbind_status tb_fail(const tb_function *function, tritonbind_status status, const char *format,
                          ...)
{
    va_list rest;
    size_t length = function == NULL ? 0 : append(0, "%s: ", function->name);
    va_start(rest, format);
    (void)vsnprintf(message + length, sizeof message - length, format, rest);
    va_end(rest);
    return status_of_message = status;
}

static const char *argument_name(const tb_function *function, int32_t index)
{
    return index < function->argument_count    ? function->arguments[index].name
           : index == function->argument_count ? "stream"
                                               : "library";
}

tritonbind_status tb_fail_argument(const tb_function *function, int32_t index,
                                   tritonbind_status status, const char *format, ...)
{
    va_list rest;
    size_t length = append(0, "%s argument #%d `%s` ", function->name, (int)index,
                           argument_name(function, index));
    va_start(rest, format);
    (void)vsnprintf(message + length, sizeof message - length, format, rest);
    va_end(rest);
    return status_of_message = status;
}
