/* Python's lock, which other threads may have while this one waits or works. */
#ifndef TB_GIL_H
#define TB_GIL_H

#pragma GCC visibility push(hidden)

/* Releases it if this thread holds it; what to take it again with, or NULL. */
void *tb_let_python_run(void);
void tb_stop_python(void *state);

#pragma GCC visibility pop

#endif
