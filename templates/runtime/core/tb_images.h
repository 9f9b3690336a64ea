/* The images of a variant: which suits a device, and loading it there, once. */
#ifndef TB_IMAGES_H
#define TB_IMAGES_H

#include "tb_driver.h"

#pragma GCC visibility push(hidden)

/* Which image suits a capability best: a cubin of it, one of the same major, PTX; or NULL. */
tb_image *tb_choose_image(const tb_variant *variant, int32_t capability);
void tb_fail_no_image(const tb_function *function, const tb_variant *variant, int32_t device,
                      int32_t capability);

/* The image of a variant for a device, loaded at first use; NULL after failing. */
const tb_image *tb_load_image(const tb_driver *driver, const tb_function *function,
                              tb_variant *variant, int32_t device) TB_COLD;
static inline const tb_image *tb_loaded_image(const tb_driver *driver, const tb_function *function,
                                              tb_variant *variant, int32_t device)
{
    tb_image **table = __atomic_load_n(&variant->loaded, __ATOMIC_ACQUIRE);
    const tb_image *image =
        table == NULL ? NULL : __atomic_load_n(&table[device], __ATOMIC_ACQUIRE);
    return image != NULL ? image : tb_load_image(driver, function, variant, device);
}

#pragma GCC visibility pop

#endif
