/* Which runtime this is, by a digest of its files: modules refer to it, so that those of another
 * project do not share this one unless theirs is the same. */
#ifndef TB_IDENTITY_H
#define TB_IDENTITY_H

#define TB_IDENTITY tb_runtime_67d72f86fe2c52b4

#endif
