/* The part of TVM FFI's C ABI (0.1) that wrappers use, declared so that they build without it.
 * Layouts and numbers are those of apache-tvm-ffi's tvm/ffi/c_api.h and of dlpack.h. */
#ifndef TB_TVM_FFI_ABI_H
#define TB_TVM_FFI_ABI_H

#include <stddef.h>
#include <stdint.h>

enum {
    TVM_FFI_NONE = 0,
    TVM_FFI_INT = 1,
    TVM_FFI_BOOL = 2,
    TVM_FFI_FLOAT = 3,
    TVM_FFI_OPAQUE_POINTER = 4,
    TVM_FFI_DATA_TYPE = 5,
    TVM_FFI_DEVICE = 6,
    TVM_FFI_DLTENSOR_POINTER = 7,
    TVM_FFI_RAW_STRING = 8,
    TVM_FFI_BYTE_ARRAY_POINTER = 9,
    TVM_FFI_SMALL_STRING = 11,
    TVM_FFI_SMALL_BYTES = 12,
    TVM_FFI_STRING = 65,
    TVM_FFI_BYTES = 66,
    TVM_FFI_FUNCTION = 68,
    TVM_FFI_SHAPE = 69,
    TVM_FFI_TENSOR = 70,
    TVM_FFI_ARRAY = 71,
    TVM_FFI_MAP = 72,
    TVM_FFI_OPAQUE_PYTHON_OBJECT = 74,
    TVM_FFI_LIST = 75,
    TVM_FFI_DICT = 76,
    TVM_FFI_BIG_INT = 78
};

typedef struct tvm_ffi_any {
    int32_t type_index;
    uint32_t small_length; /* of a small string; otherwise zero padding */
    union {
        int64_t integer;
        double real;
        void *pointer;
        const char *text;
        char bytes[8];
    } value;
} tvm_ffi_any;

typedef struct tvm_ffi_object {
    uint64_t reference_count;
    int32_t type_index;
    uint32_t padding;
    void *deleter;
} tvm_ffi_object;

typedef struct tvm_ffi_byte_array {
    const char *data;
    size_t size;
} tvm_ffi_byte_array;

/* An integer beyond int64_t, in two's complement, the least significant word first. */
typedef struct tvm_ffi_big_int {
    tvm_ffi_object header;
    size_t word_count;
    uint64_t words[];
} tvm_ffi_big_int;

typedef struct tb_dl_device {
    int32_t type;
    int32_t index;
} tb_dl_device;

enum { DL_CPU = 1, DL_CUDA = 2, DL_CUDA_HOST = 3, DL_ROCM = 10, DL_CUDA_MANAGED = 13 };

typedef struct tb_dl_data_type {
    uint8_t code;
    uint8_t bits;
    uint16_t lanes;
} tb_dl_data_type;

typedef struct tb_dl_tensor {
    void *data;
    tb_dl_device device;
    int32_t dimensions;
    tb_dl_data_type dtype;
    int64_t *shape;
    int64_t *strides; /* in elements; NULL: row-major and contiguous */
    uint64_t byte_offset;
} tb_dl_tensor;

typedef int (*tvm_ffi_safe_call)(void *self, const tvm_ffi_any *arguments, int32_t count,
                                 tvm_ffi_any *result);

typedef struct tvm_ffi_method_info {
    tvm_ffi_byte_array name;
    tvm_ffi_byte_array doc;
    tvm_ffi_byte_array metadata;
    int64_t flags;
    tvm_ffi_any method;
} tvm_ffi_method_info;

/* What a tensor library offers to C; its version 1 begins so. */
typedef struct tb_dl_exchange_api {
    uint32_t major, minor;
    const void *previous;
    void *conversions[3];
    int (*view)(void *object, tb_dl_tensor *tensor); /* as long as the object does not change */
    int (*current_stream)(int32_t device_type, int32_t device, void **stream);
} tb_dl_exchange_api;

/* A wrong layout must not compile. */
typedef char tvm_ffi_any_has_16_bytes[sizeof(tvm_ffi_any) == 16 ? 1 : -1];
typedef char tvm_ffi_object_has_24_bytes[sizeof(tvm_ffi_object) == 24 ? 1 : -1];
typedef char dl_tensor_has_48_bytes[sizeof(tb_dl_tensor) == 48 ? 1 : -1];
typedef char dl_exchange_api_has_56_bytes[sizeof(tb_dl_exchange_api) == 56 ? 1 : -1];
typedef char tvm_ffi_method_info_has_72_bytes[sizeof(tvm_ffi_method_info) == 72 ? 1 : -1];

#endif
