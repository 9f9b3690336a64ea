/* How texts and sizes are shown in messages. */
#include "tb_text.h"

#include <stdio.h>

const char *tb_list_sizes(const int64_t *sizes, int32_t count, char *text, size_t size)
{
    const size_t longest = sizeof "-9223372036854775808, , ...)"; /* one more, and the end */
    size_t length = (size_t)snprintf(text, size, "(");
    int32_t shown = 0;
    for (; shown < count && length + longest < size; shown++)
        length += (size_t)snprintf(text + length, size - length, "%s%lld", shown == 0 ? "" : ", ",
                                   (long long)sizes[shown]);
    snprintf(text + length, size - length, "%s)", shown < count ? ", ..." : count == 1 ? "," : "");
    return text;
}

bool tb_copy_text(const char *data, size_t length, char *text, size_t size)
{
    size_t count = length < size ? length : size - 1;
    while (count < length && count > 0 && (data[count] & 0xc0) == 0x80)
        count--;
    for (size_t i = 0; i < count; i++)
        text[i] = (char)((unsigned char)data[i] < ' ' ? '?' : data[i]);
    text[count] = 0;
    return count == length;
}

void tb_describe_text(const char *data, size_t length, char *text, size_t size)
{
    char shown[61];
    const bool is_whole = tb_copy_text(data, length, shown, sizeof shown);
    snprintf(text, size, "the str '%s%s'", shown, is_whole ? "" : "...");
}
