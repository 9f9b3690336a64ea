/* The devices the stand-in pretends to have, and what each tells of itself. */
#include <stdlib.h>

#include "standin.h"

struct model {
    int capability;
    int multiprocessors;
    int shared_optin;
    int shared_per_multiprocessor;
    int threads_per_multiprocessor;
};

/* One row per compute capability, with the figures of a common card. */
static const struct model models[] = {
    {70, 80, 98304, 98304, 2048},     {72, 8, 98304, 98304, 2048},
    {75, 40, 65536, 65536, 1024},     {80, 108, 166912, 167936, 2048},
    {86, 84, 101376, 102400, 1536},   {87, 16, 166912, 167936, 1536},
    {89, 128, 101376, 102400, 1536},  {90, 132, 232448, 233472, 2048},
    {100, 148, 232448, 233472, 2048}, {103, 148, 232448, 233472, 2048},
    {110, 20, 232448, 233472, 1536},  {120, 188, 101376, 102400, 1536},
    {121, 48, 101376, 102400, 1536},
};

struct device {
    struct model model;
    int shared_optin;
};

static struct device devices[DEVICE_LIMIT];
static int count_of_devices;

static struct model model_of(int capability)
{
    struct model model = {0, 16, 101376, 102400, 1536};
    for (size_t row = 0; row < sizeof models / sizeof models[0]; row++)
        if (models[row].capability == capability)
            return models[row];
    model.capability = capability;
    return model;
}

static struct device device_of(int capability, int shared_bytes)
{
    struct device device;
    device.model = model_of(capability);
    device.shared_optin = shared_bytes > 0 ? shared_bytes : device.model.shared_optin;
    return device;
}

int devices_set(const int *capabilities, const int *shared_bytes, int count)
{
    if (count < 0 || count > DEVICE_LIMIT)
        return -1;
    for (int index = 0; index < count; index++)
        if (capabilities[index] < 10 || capabilities[index] > 999)
            return -1;
    for (int index = 0; index < count; index++)
        devices[index] = device_of(capabilities[index], shared_bytes[index]);
    count_of_devices = count;
    return 0;
}

int devices_agree(const int *capabilities, const int *shared_bytes, int count)
{
    if (count != count_of_devices)
        return 0;
    for (int index = 0; index < count; index++) {
        struct device device = device_of(capabilities[index], shared_bytes[index]);
        if (device.model.capability != devices[index].model.capability
            || device.shared_optin != devices[index].shared_optin)
            return 0;
    }
    return 1;
}

/* "90,80:166912": capabilities, each with its opt-in shared memory if need be; "" is no device. */
int devices_parse(const char *text)
{
    int capabilities[DEVICE_LIMIT], shared_bytes[DEVICE_LIMIT], count = 0;
    while (*text != '\0') {
        char *end;
        if (count == DEVICE_LIMIT)
            return -1;
        capabilities[count] = (int)strtol(text, &end, 10);
        shared_bytes[count] = *end == ':' ? (int)strtol(end + 1, &end, 10) : 0;
        if (end == text || (*end != ',' && *end != '\0') || (*end == ',' && end[1] == '\0'))
            return -1;
        text = *end == ',' ? end + 1 : end;
        count++;
    }
    return devices_set(capabilities, shared_bytes, count);
}

int device_count(void)
{
    return count_of_devices;
}

int device_exists(CUdevice device)
{
    return device >= 0 && device < count_of_devices;
}

int device_capability(CUdevice device)
{
    return devices[device].model.capability;
}

int device_shared_optin(CUdevice device)
{
    return devices[device].shared_optin;
}

/* Returns -1 for an attribute that the stand-in has no answer to. */
static int attribute_value(const struct device *device, int attribute)
{
    const struct model *model = &device->model;
    switch (attribute) {
    case 1: /* threads per block */
    case 2: /* block x */
    case 3: /* block y */
        return 1024;
    case 4: /* block z */
        return 64;
    case 5: /* grid x */
        return 2147483647;
    case 6: /* grid y */
    case 7: /* grid z */
        return 65535;
    case 8: /* shared memory per block */
        return DEFAULT_SHARED_BYTES;
    case 10: /* warp size */
        return 32;
    case 12: /* registers per block */
    case 82: /* registers per multiprocessor */
        return 65536;
    case 13: /* clock, kHz */
        return 1980000;
    case 36: /* clock of the memory, kHz */
        return 2619000;
    case 37: /* width of its bus, bits */
        return 5120;
    case 16: /* multiprocessors */
        return model->multiprocessors;
    case 39: /* threads per multiprocessor */
        return model->threads_per_multiprocessor;
    case 41: /* unified addressing */
    case 95: /* cooperative launch */
        return 1;
    case 115: /* memory pools */
        return memory_has_pools();
    case 75: /* compute capability, major */
        return model->capability / 10;
    case 76: /* compute capability, minor */
        return model->capability % 10;
    case 81: /* shared memory per multiprocessor */
        return model->shared_per_multiprocessor;
    case 97: /* shared memory per block, opt-in */
        return device->shared_optin;
    case 111: /* reserved shared memory per block */
        return model->capability >= 80 ? 1024 : 0;
    case 120: /* cluster launch */
    case 127: /* tensor maps */
        return model->capability >= 90;
    default:
        return -1;
    }
}

CUresult device_attribute(int *value, int attribute, CUdevice device)
{
    int answer;
    if (!device_exists(device))
        return CUDA_ERROR_INVALID_DEVICE;
    answer = attribute_value(&devices[device], attribute);
    if (value == NULL || answer < 0)
        return CUDA_ERROR_INVALID_VALUE;
    *value = answer;
    return CUDA_SUCCESS;
}
