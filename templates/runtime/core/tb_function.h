/* What a function is: its arguments, its variants and their images. */
#ifndef TB_FUNCTION_H
#define TB_FUNCTION_H

#include "tb_identity.h"
#include "tb_lookup.h"
#include "../tritonbind.h"

#include <stdbool.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

#define TB_CURRENT_DEVICE (-1)
#define TB_MOST_PARAMETERS 254

typedef enum tb_kind { TB_POINTER, TB_INT, TB_BOOL, TB_FLOAT, TB_STRING, TB_TENSOR } tb_kind;

/* The dimension of a tensor argument that tells an int. */
typedef struct tb_origin {
    int32_t argument;
    int32_t dimension;
    int32_t rank; /* which the tensor must have */
} tb_origin;

typedef struct tb_argument {
    const char *name;
    tb_kind kind;
    const char *shape;              /* "(seq_len, 64)"; NULL when none is declared */
    const tritonbind_dtype *dtypes; /* what a pointer may point to; NULL for other arguments */
    int32_t dtype_count;
    int32_t dtype_axis; /* pointers with the same choice of dtypes share an axis */
    bool nullable;
    const char *choices; /* of a constexpr, for messages: "64, 128" */
    const int64_t *int_choices;
    const char *const *string_choices;
    int32_t choice_count;
    tb_slots slots;          /* of the choices */
    const tb_origin *origin; /* of an int that may be left out; NULL for others */
    int32_t rank;            /* of a tensor that becomes a descriptor */
    bool padding_is_nan;     /* beyond the tensor's ends, instead of 0 */
    bool round_to_tf32;
} tb_argument;

/* What only some kernels need of a launch. */
typedef struct tb_extras {
    int32_t num_ctas; /* blocks that run a program together, as a cluster */
    int64_t scratch;  /* bytes of scratch memory in the device's memory, per block */
    bool launch_pdl;  /* programmatic dependent launch: may overlap with the kernel before it */
    bool cooperative; /* all blocks at the same time */
} tb_extras;

/* How an image wants one of its tensors to be described: most arguments of
 * cuTensorMapEncodeTiled, which a launch calls for it. */
typedef struct tb_map {
    uint8_t value; /* which of the function's values is the descriptor */
    uint8_t type;  /* CUtensorMapDataType */
    uint8_t element_size;
    uint8_t swizzle; /* CUtensorMapSwizzle */
    bool fp4_padded; /* each byte is two elements */
    bool is_written; /* the kernel stores through it */
    uint16_t box[5]; /* what one copy moves, in the order of the tensor's dimensions */
} tb_map;

/* What a launch reads comes first: it is in one line of the cache, which the driver's own work has
 * emptied since the launch before. */
typedef struct tb_image {
    void *kernel;              /* CUkernel, once loaded */
    const tb_extras *extras;   /* NULL for most */
    const uint8_t *parameters; /* which of the function's values the kernel takes; NULL: all */
    int32_t parameter_count;
    int32_t map_count;
    int32_t threads;    /* per block */
    int32_t shared;     /* bytes of dynamic shared memory */
    const tb_map *maps; /* one for each descriptor; NULL: the kernel takes them apart */
    const unsigned char *data;
    const char *symbol;
    int32_t capability; /* 90: compute capability 9.0 */
    bool is_ptx;        /* compiled by the driver, for this capability and all later ones */
    bool is_exact;      /* runs on this very capability only (sm_90 and later: "a" targets) */
} __attribute__((aligned(64))) tb_image;

typedef struct tb_variant {
    tb_image *images;
    int32_t image_count;
    tb_image **loaded; /* by device, filled as devices are first used */
} tb_variant;

typedef struct tb_function {
    const char *name; /* as messages have it */
    const tb_argument *arguments;
    int32_t argument_count; /* without the stream */
    const uint8_t *sizes;   /* the bytes of each value of a launch; see tb_launch */
    const char *runtime;    /* the one that this was generated with: no other links */
} tb_function;

extern const char TB_IDENTITY;

#pragma GCC visibility pop

#endif
