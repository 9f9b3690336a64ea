/* What generated functions call: argument coercion, variant and image choice, launch, errors. */
#ifndef TB_RUNTIME_H
#define TB_RUNTIME_H

#include "tb_arithmetic.h"
#include "tb_identity.h"
#include "tb_lookup.h"
#include "tritonbind.h"
#include "tvm_ffi_abi.h"

/* In the source itself, whatever flags it is built with: a library calls its own functions, though
 * another in the process may have some of the same names. */
#pragma GCC visibility push(hidden)

#define TB_EXPORT __attribute__((visibility("default")))
/* The exported name of a function that the library itself calls by another. */
#define TB_PUBLIC_NAME(name, function) extern __typeof__(name) name __attribute__((alias(#function)))
#define TB_COLD __attribute__((cold)) /* out of the way of what every call runs through */
#define TB_CURRENT_DEVICE (-1)
#define TB_MOST_PARAMETERS 254

/* Places the file `path`, found through the compiler's -I, into the library as name..name##_end.
 * The zero byte behind it ends PTX text. */
#define TB_EMBED(name, path)                                                                       \
    __asm__(".pushsection .rodata\n"                                                               \
            ".balign 64\n" #name ":\n"                                                             \
            ".incbin \"" path "\"\n"                                                               \
            ".byte 0\n"                                                                            \
            ".popsection\n");                                                                      \
    extern const unsigned char name[] __attribute__((visibility("hidden")))

/* Says in the source, and in what a preprocessor makes of it, which images it embeds: no dependency
 * file has them, and so it is compiled again when they change. */
#define TB_IMAGES(digest) __asm__("/* " digest " */")

/* ---- what a function is ---- */

typedef struct tb_dtype {
    tritonbind_dtype id;
    const char *name; /* as tensor libraries say it: float32 */
    uint8_t code;     /* DLDataTypeCode */
    uint8_t bits;
} tb_dtype;

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
    const char *shape;      /* "(seq_len, 64)"; NULL when none is declared */
    const tb_dtype *dtypes; /* what a pointer may point to; NULL for other arguments */
    int32_t dtype_count;
    int32_t dtype_axis; /* pointers with the same choice of dtypes share an axis */
    bool nullable;
    const char *choices; /* of a constexpr, for messages: "64, 128" */
    const int64_t *int_choices;
    const char *const *string_choices;
    int32_t choice_count;
    tb_slots slots; /* of the choices */
    const tb_origin *origin; /* of an int that may be left out; NULL for others */
    int32_t rank;        /* of a tensor that becomes a descriptor */
    bool padding_is_nan; /* beyond the tensor's ends, instead of 0 */
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
    uint8_t swizzle;     /* CUtensorMapSwizzle */
    bool fp4_padded;     /* each byte is two elements */
    bool is_written;     /* the kernel stores through it */
    uint16_t box[5];     /* what one copy moves, in the order of the tensor's dimensions */
} tb_map;

/* What a launch reads comes first: it is in one line of the cache, which the driver's own work has
 * emptied since the launch before. */
typedef struct tb_image {
    void *kernel;       /* CUkernel, once loaded */
    const tb_extras *extras; /* NULL for most */
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

struct tb_call;

typedef struct tb_function {
    const char *name;         /* of the TVM FFI global */
    const char *prepare_name; /* of the one that prepares a launch */
    const char *signature; /* shown below every message */
    const char *argument_names;
    const char *doc;
    const tb_argument *arguments;
    int32_t argument_count; /* without the stream */
    tb_variant *variants;
    bool (*run)(struct tb_call *call); /* all that a call asks for; false after failing */
    tvm_ffi_safe_call call;
    tvm_ffi_safe_call prepare;
    const char *runtime; /* the one that this was generated with: no other links */
} tb_function;

extern const char TB_IDENTITY;

/* ---- the plain C layer ---- */

typedef struct tb_grid {
    int64_t x, y, z;
    int failed; /* an overflow or a division by zero */
} tb_grid;

/* A tensor as kernels take it: Triton's parts of it, and the map that a launch encodes for images
 * that want one. */
typedef struct tb_descriptor {
    uint64_t map[16] __attribute__((aligned(64))); /* a CUtensorMap */
    void *data;
    int64_t shape[5];
    int64_t strides[5]; /* in elements */
    int32_t shape32[5];
    bool padding_is_nan;
    bool round_to_tf32;
    int32_t argument; /* its place in the call */
} tb_descriptor;

/* The parts of a descriptor of so many dimensions, as values of a launch, and their sizes. */
#define TB_DESCRIPTOR_VALUES(rank, descriptor)                                                     \
    (descriptor).map, &(descriptor).data, TB_EACH_##rank((descriptor).shape),                      \
        TB_EACH_##rank((descriptor).strides), &(descriptor).padding_is_nan,                        \
        &(descriptor).round_to_tf32, TB_EACH_##rank((descriptor).shape32)
#define TB_DESCRIPTOR_SIZES(rank, descriptor)                                                      \
    sizeof (descriptor).map, sizeof (descriptor).data,                                             \
        TB_TIMES_##rank(sizeof *(descriptor).shape),                                               \
        TB_TIMES_##rank(sizeof *(descriptor).strides), sizeof (descriptor).padding_is_nan,         \
        sizeof (descriptor).round_to_tf32, TB_TIMES_##rank(sizeof *(descriptor).shape32)
#define TB_EACH_1(list) &(list)[0]
#define TB_EACH_2(list) TB_EACH_1(list), &(list)[1]
#define TB_EACH_3(list) TB_EACH_2(list), &(list)[2]
#define TB_EACH_4(list) TB_EACH_3(list), &(list)[3]
#define TB_EACH_5(list) TB_EACH_4(list), &(list)[4]
#define TB_TIMES_1(size) size
#define TB_TIMES_2(size) TB_TIMES_1(size), size
#define TB_TIMES_3(size) TB_TIMES_2(size), size
#define TB_TIMES_4(size) TB_TIMES_3(size), size
#define TB_TIMES_5(size) TB_TIMES_4(size), size

/* Fills in a descriptor, but for its map, from a tensor that may be one; fails otherwise. */
tritonbind_status tb_make_descriptor(const tb_function *function, int32_t index,
                                     const tritonbind_tensor *tensor, int64_t element_size,
                                     tb_descriptor *descriptor);

/* Where a call goes: at once to a stream of a device, or into a launch for later. */
typedef struct tb_target {
    int32_t device; /* TB_CURRENT_DEVICE: that of the current context, or else device 0 */
    void *stream;
    tritonbind_prepared **prepared; /* NULL: at once */
    bool stream_is_current; /* the device's own current stream, not one that was passed */
} tb_target;

/* What tritonbind.h has under other names. */
tritonbind_status tb_launch_prepared(const tritonbind_prepared *prepared, void *stream);
void tb_release_prepared(tritonbind_prepared *prepared);

/* Launches a variant, or prepares its launch. values: the address of each argument or part of one,
 * of which the image takes those it needs, and TB_NO_SCRATCH behind them; sizes: their bytes. */
tritonbind_status tb_launch(const tb_function *function, tb_variant *variant,
                            const tb_target *target, tb_grid grid, void **values,
                            const uint8_t *sizes);

/* What Triton's two last parameters point to; few kernels use the first. */
extern const uint64_t tb_no_scratch;
#define TB_NO_SCRATCH (void *)&tb_no_scratch, (void *)&tb_no_scratch

/* Keep a sentence as the thread's last error and return its status. It begins with the function's
 * name, where there is one, and with the argument's place and name; the stream's place is behind the
 * last argument. */
tritonbind_status tb_fail(const tb_function *function, tritonbind_status status,
                          const char *format, ...) TB_COLD __attribute__((format(printf, 3, 4)));
tritonbind_status tb_fail_argument(const tb_function *function, int32_t index,
                                   tritonbind_status status, const char *format, ...)
    TB_COLD __attribute__((format(printf, 4, 5)));

tritonbind_status tb_fail_no_place(const tb_function *function) TB_COLD; /* to put what is prepared */

/* The thread's last error, and its status. */
const char *tb_last_error(void);
tritonbind_status tb_last_status(void) TB_COLD;

/* The ordinal of the calling thread's current device, or 0 without a context; -1 after failing. */
int32_t tb_current_device(const tb_function *function);

/* Whether a pointer has the alignment that its elements need; fails otherwise. */
tritonbind_status tb_fail_alignment(const tb_function *function, int32_t index,
                                    const void *pointer, uintptr_t size) TB_COLD;
static inline tritonbind_status tb_check_alignment(const tb_function *function, int32_t index,
                                                   const void *pointer, uintptr_t size)
{
    return ((uintptr_t)pointer & (size - 1)) == 0
               ? TRITONBIND_OK
               : tb_fail_alignment(function, index, pointer, size);
}

/* The index of a constexpr's value among its choices, or -1 after failing. */
int32_t tb_choose_int(const tb_function *function, int32_t index, int64_t value);
int32_t tb_choose_string(const tb_function *function, int32_t index, const char *value);

/* Fail for a constexpr's value, or the dtype of a pointer, that is not among the choices: -1. */
int32_t tb_fail_int(const tb_function *function, int32_t index, int64_t value) TB_COLD;
int32_t tb_fail_dtype(const tb_function *function, int32_t index, tritonbind_dtype dtype) TB_COLD;

/* The index of a value that follows from the arguments among those that were built, or -1 after
 * failing. */
int32_t tb_choose_value(const tb_function *function, const char *name, int64_t value,
                        const int64_t *choices, int32_t count, const tb_slots *slots);

/* The place of a value among the choices, or -1. */
int32_t tb_find_int(const int64_t *choices, int32_t count, const tb_slots *slots, int64_t value);

/* The configuration of a key, by its row in `keys`; 0 for keys that are not there. */
int32_t tb_find_tuned(const int64_t *keys, const uint16_t *tuned, int32_t rows, int32_t columns,
                      const tb_slots *slots, const int64_t *key);

/* The configuration to launch on *device: the one that was chosen, or the first that fits, by a row
 * of `needs` for each target: bytes of shared memory, or -1 where there is no image; -1 after
 * failing. TB_CURRENT_DEVICE becomes the device. */
int32_t tb_usable(const tb_function *function, tb_image *targets, int32_t target_count,
                  const int32_t *needs, int32_t count, int32_t configuration, int32_t *device);

/* How many multiprocessors *device has, or -1 after failing; as in tb_usable. */
int64_t tb_sm_count(const tb_function *function, int32_t *device);

/* Fail for a heuristic that has no value, for an argument that is None where its partner is not or
 * the other way round, and for choices that no variant was built for. */
tritonbind_status tb_fail_computed(const tb_function *function, const char *name) TB_COLD;
tritonbind_status tb_fail_together(const tb_function *function, int32_t index, int32_t partner,
                                   bool is_none) TB_COLD;
tritonbind_status tb_fail_no_variant(const tb_function *function) TB_COLD;

static inline bool tb_fits_int32(int64_t value)
{
    return value >= INT32_MIN && value <= INT32_MAX;
}

static inline bool tb_divisible_by_16(const void *pointer)
{
    return ((uintptr_t)pointer & 15) == 0;
}

/* ---- the TVM FFI layer: each getter returns false after failing ---- */

#define TB_MOST_DTYPE_AXES 8

typedef struct tb_call {
    const tb_function *function;
    const tvm_ffi_any *values;
    int32_t count;
    int32_t device;       /* of the tensors so far, or TB_CURRENT_DEVICE */
    int32_t device_index; /* the argument that decided it */
    const tb_dtype *dtypes[TB_MOST_DTYPE_AXES];  /* the choice on each axis, or NULL */
    int32_t dtype_arguments[TB_MOST_DTYPE_AXES]; /* the argument that decided it */
    bool prepares;                  /* instead of launching at once */
    tritonbind_prepared *prepared;  /* what was made then */
    bool stream_is_current;         /* nobody passed it: it was asked for */
} tb_call;

/* A call that prepares takes one more value behind the stream: where to ask for the stream that is
 * current at each launch, the address of a DLPack exchange API. */
bool tb_begin(tb_call *call, const tb_function *function, bool prepares, const tvm_ffi_any *values,
              int32_t count);
bool tb_get_pointer(tb_call *call, int32_t index, void **pointer);
bool tb_get_const_pointer(tb_call *call, int32_t index, const void **pointer);

/* The tensor of an argument, written to `tensor`; NULL after failing. */
const tritonbind_tensor *tb_get_tensor(tb_call *call, int32_t index, tritonbind_tensor *tensor);

bool tb_get_int8(tb_call *call, int32_t index, int8_t *value);
bool tb_get_int16(tb_call *call, int32_t index, int16_t *value);
bool tb_get_int32(tb_call *call, int32_t index, int32_t *value);
bool tb_get_int64(tb_call *call, int32_t index, int64_t *value);
bool tb_get_uint8(tb_call *call, int32_t index, uint8_t *value);
bool tb_get_uint16(tb_call *call, int32_t index, uint16_t *value);
bool tb_get_uint32(tb_call *call, int32_t index, uint32_t *value);
bool tb_get_uint64(tb_call *call, int32_t index, uint64_t *value);
bool tb_get_bool(tb_call *call, int32_t index, bool *value);
bool tb_get_float16(tb_call *call, int32_t index, uint16_t *bits);
bool tb_get_bfloat16(tb_call *call, int32_t index, uint16_t *bits);
bool tb_get_float(tb_call *call, int32_t index, float *value);
bool tb_get_double(tb_call *call, int32_t index, double *value);

/* `storage`, to be filled by a getter; or NULL when the argument is None. */
void *tb_unless_none(tb_call *call, int32_t index, void *storage);

bool tb_get_int_choice(tb_call *call, int32_t index, int64_t *value);
bool tb_get_bool_choice(tb_call *call, int32_t index, bool *value);
bool tb_get_string_choice(tb_call *call, int32_t index, const char **value);

/* Where the call goes, by its device and its stream. */
bool tb_get_target(tb_call *call, tb_target *target);

/* The stream that a value is, which is not None. */
bool tb_get_stream(const tb_function *function, const tvm_ffi_any *value, void **stream);

/* The dtype that the tensors chose on an axis; index is the first pointer on that axis. */
bool tb_get_dtype(tb_call *call, int32_t index, tritonbind_dtype *dtype);

/* Where ints were left out, copies the values to `filled` with those ints, and goes on with it. */
bool tb_fill_in(tb_call *call, tvm_ffi_any *filled);

/* A number of a tensor argument; `place` is a dimension, counted from the last where negative, and
 * `rank` how many there must be, unless 0. */
typedef enum tb_fact { TB_SHAPE, TB_STRIDE, TB_NUMEL, TB_NDIM } tb_fact;
bool tb_get_fact(tb_call *call, int32_t index, tb_fact fact, int32_t place, int32_t rank,
                 int64_t *value);

/* A tensor passed for the argument must be row-major with at least the product of the sizes. */
bool tb_check_shape(tb_call *call, int32_t index, const int64_t *sizes, int32_t count);

/* A SafeCall: 0 with None or the prepared launch as the result, or -1 with the error raised. */
int tb_safe_call(const tb_function *function, bool prepares, const tvm_ffi_any *arguments,
                 int32_t count, tvm_ffi_any *result);

/* Answer `__tvm_ffi__doc_*` and `__tvm_ffi__metadata_*` calls. */
int tb_return_doc(const tb_function *function, tvm_ffi_any *result);
int tb_return_metadata(const tb_function *function, tvm_ffi_any *result);

/* A function's SafeCalls, under names of the file's own: TVM FFI is given these. */
#define TB_DECLARE_CALLS(symbol)                                                                   \
    static int symbol##_safecall(void *self, const tvm_ffi_any *arguments, int32_t count,          \
                                  tvm_ffi_any *result);                                            \
    static int symbol##_safeprepare(void *self, const tvm_ffi_any *arguments, int32_t count,       \
                                     tvm_ffi_any *result)
#define TB_DEFINE_SAFE(name, body)                                                                 \
    static int name(void *self, const tvm_ffi_any *arguments, int32_t count, tvm_ffi_any *result)  \
    {                                                                                              \
        (void)self;                                                                                \
        (void)arguments;                                                                           \
        (void)count;                                                                               \
        return body;                                                                               \
    }

/* `name` is `function` for others: TVM FFI looks for it in the library. */
#define TB_OFFER(name, function)                                                                   \
    TB_EXPORT extern __typeof__(function) tb_offer_##function __asm__(name)                        \
        __attribute__((alias(#function)))

/* The SafeCalls, and the symbols by which TVM FFI finds in a library the function, the one that
 * prepares its launch, its doc and its type schema; `external` is what the symbols say. Both are
 * pasted here and never passed on, so that none is taken for a macro. */
#define TB_DEFINE_CALLS(symbol, external)                                                          \
    TB_DEFINE_SAFE(symbol##_safecall,                                                              \
                   tb_safe_call(&symbol##_function, false, arguments, count, result))              \
    TB_DEFINE_SAFE(symbol##_safeprepare,                                                           \
                   tb_safe_call(&symbol##_function, true, arguments, count, result))               \
    TB_DEFINE_SAFE(symbol##_safedoc, tb_return_doc(&symbol##_function, result))                    \
    TB_DEFINE_SAFE(symbol##_safemetadata,                                                          \
                   tb_return_metadata(&symbol##_function, result))                                 \
    TB_OFFER("__tvm_ffi_" #external, symbol##_safecall);                                           \
    TB_OFFER("__tvm_ffi_" #external ".prepare", symbol##_safeprepare);                             \
    TB_OFFER("__tvm_ffi__doc_" #external, symbol##_safedoc);                                       \
    TB_OFFER("__tvm_ffi__metadata_" #external, symbol##_safemetadata)

/* Registers the functions, and those that prepare their launches, as TVM FFI globals. A name that is
 * there stays as it is; without TVM FFI in the process nothing happens. Returns how many functions
 * were registered, or -1 on an error. */
int tb_register(const tb_function *const *functions, int32_t count);

#pragma GCC visibility pop

#endif
