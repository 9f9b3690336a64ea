/* All that launches in plain C need. */
#ifndef TB_CORE_H
#define TB_CORE_H

#include "core/tb_arithmetic.h"
#include "core/tb_choices.h"
#include "core/tb_descriptor.h"
#include "core/tb_devices.h"
#include "core/tb_dtypes.h"
#include "core/tb_function.h"
#include "core/tb_launch.h"
#include "core/tb_launches.h"
#include "core/tb_lookup.h"
#include "core/tb_macros.h"
#include "core/tb_variants.h"

#endif
