/* One launch: the grid, the context, the image for the device, and the call to the driver; or all
 * but the last, for later. */
#include "tb_launch.h"
#include "tb_descriptor.h"
#include "tb_devices.h"
#include "tb_extras.h"
#include "tb_images.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_X = 2147483647, MOST_Y_OR_Z = 65535 };

const uint64_t tb_no_scratch = 0;

static tritonbind_status fail_grid(const tb_function *function, tb_grid grid)
{
    if (grid.failed)
        return tb_fail(function, TRITONBIND_VALUE_ERROR,
                       "the launch grid cannot be computed from these arguments: "
                       "it overflows 64 bits or divides by zero");
    const bool is_x = grid.x < 0 || grid.x > MOST_X;
    const bool is_y = grid.y < 0 || grid.y > MOST_Y_OR_Z;
    return tb_fail(function, TRITONBIND_VALUE_ERROR,
                   "the launch grid (%lld, %lld, %lld) must have %c between 0 and %d",
                   (long long)grid.x, (long long)grid.y, (long long)grid.z,
                   is_x   ? 'x'
                   : is_y ? 'y'
                          : 'z',
                   is_x ? MOST_X : MOST_Y_OR_Z);
}

static bool is_grid(tb_grid grid)
{
    return !grid.failed && (uint64_t)grid.x <= MOST_X && (uint64_t)grid.y <= MOST_Y_OR_Z
           && (uint64_t)grid.z <= MOST_Y_OR_Z;
}

/* Puts the kernel on the stream, in the context that is current. */
static tritonbind_status enqueue(const tb_driver *driver, const tritonbind_prepared *launch,
                                 void *stream)
{
    const tb_image *image = launch->image;
    cu_launch_config config = {
        .grid_x = launch->grid_x,
        .grid_y = launch->grid_y,
        .grid_z = launch->grid_z,
        .block_x = (unsigned int)image->threads,
        .block_y = 1,
        .block_z = 1,
        .shared_bytes = (unsigned int)image->shared,
        .stream = stream,
    };
    return image->extras == NULL ? tb_launch_kernel(driver, launch, &config, launch->parameters)
                                 : tb_launch_with_extras(driver, launch, &config);
}

/* ---- for later ---- */

/* Which of a launch's values a parameter of the image is. */
static int32_t value_of(const tb_image *image, int32_t parameter)
{
    return image->parameters == NULL ? parameter : image->parameters[parameter];
}

/* A copy of the launch that has the values in it; each begins at a multiple of 8 bytes. */
static tritonbind_status keep(const tritonbind_prepared *launch, tritonbind_prepared **kept)
{
    const uint8_t *sizes = launch->function->sizes;
    const int32_t count = launch->image == NULL ? 0 : launch->image->parameter_count;
    size_t size = sizeof **kept + (size_t)(count + 2) * sizeof(void *);
    for (int32_t i = 0; i < count; i++)
        size += (sizes[value_of(launch->image, i)] + 7u) & ~7u;
    tritonbind_prepared *copy = calloc(1, size);
    *kept = copy;
    if (copy == NULL)
        return tb_fail(launch->function, TRITONBIND_RUNTIME_ERROR,
                       "cannot prepare a launch: out of host memory");
    void **parameters = (void **)(copy + 1);
    char *place = (char *)(parameters + count + 2);
    for (int32_t i = 0; i < count; i++) {
        const uint8_t bytes = sizes[value_of(launch->image, i)];
        parameters[i] = memcpy(place, launch->parameters[i], bytes);
        place += (bytes + 7u) & ~7u;
    }
    parameters[count] = parameters[count + 1] = (void *)&tb_no_scratch;
    *copy = *launch;
    copy->parameters = parameters;
    return TRITONBIND_OK;
}

tritonbind_status tb_launch_again(const tritonbind_prepared *prepared, void *stream,
                                  bool is_current)
{
    const tb_function *function = prepared->function;
    int32_t device = prepared->device;
    bool pushed = false;
    if (prepared->image == NULL)
        return TRITONBIND_OK;
    const tb_driver *driver = tb_open_driver(function); /* it is open already, but in a fork */
    if (driver == NULL)
        return TRITONBIND_RUNTIME_ERROR;
    tritonbind_status status = tb_enter_device(driver, function, &device, &pushed);
    if (status != TRITONBIND_OK)
        return status;
    if (!is_current)
        status = tb_check_stream(driver, function, device, stream);
    if (status == TRITONBIND_OK)
        status = enqueue(driver, prepared, stream);
    return tb_leave_device(driver, function, device, pushed, status);
}

tritonbind_status tb_launch_prepared(const tritonbind_prepared *prepared, void *stream)
{
    if (prepared == NULL)
        return tb_fail(
            NULL, TRITONBIND_VALUE_ERROR,
            "tritonbind_launch_prepared: `prepared` must be a prepared launch, got NULL");
    return tb_launch_again(prepared, stream, false);
}

tritonbind_status tb_fail_no_place(const tb_function *function)
{
    return tb_fail(
        function, TRITONBIND_VALUE_ERROR,
        "cannot prepare a launch: `prepared` must be the address of a pointer, got NULL");
}

void tb_release_prepared(tritonbind_prepared *prepared)
{
    free(prepared);
}

TB_PUBLIC_NAME(tritonbind_launch_prepared, tb_launch_prepared);
TB_PUBLIC_NAME(tritonbind_release_prepared, tb_release_prepared);

/* ---- at once ---- */

static tritonbind_status finish(const tb_driver *driver, const tritonbind_prepared *launch,
                                const tb_destination *destination)
{
    return destination->prepared == NULL ? enqueue(driver, launch, destination->stream)
                                         : keep(launch, destination->prepared);
}

/* Where the image does not take just the values in their order. A function of its own, for the room
 * that the others need not. */
static __attribute__((noinline)) tritonbind_status finish_with_some(
    const tb_driver *driver, tritonbind_prepared *launch, const tb_destination *destination)
{
    const int32_t count = launch->image->parameter_count;
    void *parameters[TB_MOST_PARAMETERS + 2], **all = launch->parameters;
    for (int32_t i = 0; i < count; i++)
        parameters[i] = all[launch->image->parameters[i]];
    parameters[count] = parameters[count + 1] = (void *)&tb_no_scratch;
    launch->parameters = parameters;
    const tritonbind_status status = finish(driver, launch, destination);
    launch->parameters = all;
    return status;
}

static tritonbind_status launch_variant(const tb_driver *driver, tritonbind_prepared *launch,
                                        tb_variant *variant, const tb_destination *destination)
{
    const tb_image *image = tb_loaded_image(driver, launch->function, variant, launch->device);
    tritonbind_status status = TRITONBIND_OK;
    if (image == NULL)
        return TRITONBIND_RUNTIME_ERROR;
    launch->image = image;
    if (image->map_count > 0)
        status = tb_encode_maps(launch->function, image, launch->device, launch->parameters);
    if (status == TRITONBIND_OK && image->extras != NULL)
        status = tb_plan_extras(launch);
    if (status != TRITONBIND_OK)
        return status;
    return image->parameters == NULL ? finish(driver, launch, destination)
                                     : finish_with_some(driver, launch, destination);
}

tritonbind_status tb_launch(const tb_function *function, tb_variant *variant,
                            const tb_destination *destination, tb_grid grid, void **values)
{
    bool pushed = false;
    if (!is_grid(grid))
        return fail_grid(function, grid);
    tritonbind_prepared launch = {
        .function = function,
        .device = destination->device,
        .grid_x = (unsigned int)grid.x,
        .grid_y = (unsigned int)grid.y,
        .grid_z = (unsigned int)grid.z,
        .parameters = values,
    };
    if (grid.x == 0 || grid.y == 0 || grid.z == 0)
        return destination->prepared == NULL ? TRITONBIND_OK : keep(&launch, destination->prepared);
    const tb_driver *driver = tb_open_driver(function);
    if (driver == NULL)
        return TRITONBIND_RUNTIME_ERROR;
    tritonbind_status status = tb_enter_device(driver, function, &launch.device, &pushed);
    if (status != TRITONBIND_OK)
        return status;
    if (!destination->stream_is_current)
        status = tb_check_stream(driver, function, launch.device, destination->stream);
    if (status == TRITONBIND_OK)
        status = launch_variant(driver, &launch, variant, destination);
    return tb_leave_device(driver, function, launch.device, pushed, status);
}
