/* The thread's last error: one sentence, and its status. */
#ifndef TB_ERROR_H
#define TB_ERROR_H

#include "tb_function.h"
#include "tb_macros.h"

#pragma GCC visibility push(hidden)

/* Keep a sentence as the thread's last error and return its status. It begins with the function's
 * name, where there is one, and with the argument's place and name; the stream's place is behind
 * the last argument. */
tritonbind_status tb_fail(const tb_function *function, tritonbind_status status, const char *format,
                          ...) TB_COLD __attribute__((format(printf, 3, 4)));
tritonbind_status tb_fail_argument(const tb_function *function, int32_t index,
                                   tritonbind_status status, const char *format, ...) TB_COLD
    __attribute__((format(printf, 4, 5)));

/* The thread's last error, and its status. */
const char *tb_last_error(void);
tritonbind_status tb_last_status(void) TB_COLD;

#pragma GCC visibility pop

#endif
