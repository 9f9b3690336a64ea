/* How texts and sizes are shown in messages. */
#ifndef TB_TEXT_H
#define TB_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

#define TB_DESCRIPTION 320 /* room for a value in a message */

/* A text on one line, cut between characters of UTF-8; whether all of it has found room. */
bool tb_copy_text(const char *data, size_t length, char *text, size_t size);

/* Sizes or strides as Python shows a tuple, cut where there are very many. */
const char *tb_list_sizes(const int64_t *sizes, int32_t count, char *text, size_t size);

/* A text as Python shows it, between quotes and cut where it is long. */
void tb_describe_text(const char *data, size_t length, char *text, size_t size);

#pragma GCC visibility pop

#endif
