/* One tensor through the runtime's making of descriptors and maps, for tests of these alone. */
#include "runtime/core/tb_driver.h"
#include "runtime/tb_core.h"

#include <string.h>

#define EXPORT __attribute__((visibility("default")))

EXPORT int describe(const tritonbind_tensor *tensor, int32_t rank, int32_t element_size,
                    const int *padding_is_nan, const int *round_to_tf32, const tb_map *map,
                    tb_descriptor *result);

int describe(const tritonbind_tensor *tensor, int32_t rank, int32_t element_size,
             const int *padding_is_nan, const int *round_to_tf32, const tb_map *map,
             tb_descriptor *result)
{
    const tb_argument argument = {.name = "x",
                                  .kind = TB_TENSOR,
                                  .rank = rank,
                                  .padding_is_nan = *padding_is_nan != 0,
                                  .round_to_tf32 = *round_to_tf32 != 0};
    const tb_function function = {.name = "f", .arguments = &argument, .argument_count = 1};
    const tb_image image = {.maps = map, .map_count = map != NULL};
    tb_descriptor descriptor;
    void *const values[] = {&descriptor};
    memset(&descriptor, 0, sizeof descriptor);
    tritonbind_status status = tb_make_descriptor(&function, 0, tensor, element_size, &descriptor);
    if (status == TRITONBIND_OK && tb_open_driver(&function) == NULL)
        status = TRITONBIND_RUNTIME_ERROR;
    if (status == TRITONBIND_OK && map != NULL)
        status = tb_encode_maps(&function, &image, 0, values);
    memcpy(result, &descriptor, sizeof descriptor);
    return (int)status;
}
