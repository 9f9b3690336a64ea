/* Reads a cubin: its architecture, and each kernel's own records of its parameters and block.
 *
 * The driver is given no length, so offsets can be held against a ceiling only. Layouts, as ptxas
 * writes them:
 *   ELF ABI 7 (EI_OSABI 0x33): e_flags bits 0-7 are the architecture, bit 11 (0x800) its `a`;
 *   ELF ABI 8 (EI_OSABI 0x41): e_flags bits 8-15 are the architecture, bit 3 (0x8) its `a` when
 *     ptxas 12 wrote it; ptxas 13 says `a` in .nv.compat instead, by the record 02 09 01.
 */
#include <stdlib.h>
#include <string.h>

#include "standin.h"

enum {
    MACHINE_CUDA = 190,
    SECTION_SYMBOLS = 2,
    SECTION_WITHOUT_BYTES = 8,
    SYMBOL_FUNCTION = 2,
    SYMBOL_IS_ENTRY = 0x10,
    INFO_REQUIRED_BLOCK = 0x10,
    INFO_MAXIMUM_THREADS = 0x05,
    INFO_STACK = 0x12,
    INFO_REGISTERS = 0x2f,
    INFO_PARAMETER = 0x17,
    INFO_CLUSTER = 0x3d,
    COMPAT_ACCELERATED = 0x09
};

static const uint64_t ceiling = (uint64_t)1 << 30;

struct section {
    const char *name;
    uint32_t type;
    uint64_t offset;
    uint64_t size;
    uint32_t link;
};

struct elf {
    const unsigned char *bytes;
    uint64_t section_table;
    unsigned int section_count;
    const char *names;
    uint64_t names_size;
};

static uint16_t read16(const unsigned char *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

static uint32_t read32(const unsigned char *at)
{
    return read16(at) | (uint32_t)read16(at + 2) << 16;
}

static uint64_t read64(const unsigned char *at)
{
    return read32(at) | (uint64_t)read32(at + 4) << 32;
}

static int within(uint64_t offset, uint64_t size)
{
    return offset <= ceiling && size <= ceiling;
}

static int read_section(const struct elf *elf, unsigned int index, struct section *section)
{
    const unsigned char *header = elf->bytes + elf->section_table + 64u * index;
    uint32_t name = read32(header);
    section->type = read32(header + 4);
    section->offset = read64(header + 24);
    section->size = read64(header + 32);
    section->link = read32(header + 40);
    if (!within(section->offset, section->size))
        return -1;
    if (elf->names != NULL && name >= elf->names_size)
        return -1;
    section->name = elf->names != NULL ? elf->names + name : "";
    return 0;
}

static int open_elf(struct elf *elf, const unsigned char *bytes)
{
    struct section names;
    unsigned int names_index = read16(bytes + 62);
    memset(elf, 0, sizeof *elf);
    elf->bytes = bytes;
    elf->section_table = read64(bytes + 40);
    elf->section_count = read16(bytes + 60);
    if (bytes[4] != 2 || bytes[5] != 1 || read16(bytes + 18) != MACHINE_CUDA
        || read16(bytes + 58) != 64 || !within(elf->section_table, 0)
        || names_index >= elf->section_count || read_section(elf, names_index, &names) != 0
        || names.size == 0 || bytes[names.offset + names.size - 1] != '\0')
        return -1;
    elf->names = (const char *)bytes + names.offset;
    elf->names_size = names.size;
    return 0;
}

/* The program headers follow the sections in files that ptxas writes, or come before them. */
static int find_extent(const struct elf *elf, uint64_t *extent)
{
    uint64_t segments = read64(elf->bytes + 32) + 56u * read16(elf->bytes + 56);
    *extent = elf->section_table + 64u * elf->section_count;
    if (segments > ceiling)
        return -1;
    *extent = segments > *extent ? segments : *extent;
    for (unsigned int index = 0; index < elf->section_count; index++) {
        struct section section;
        if (read_section(elf, index, &section) != 0)
            return -1;
        if (section.type != SECTION_WITHOUT_BYTES && section.offset + section.size > *extent)
            *extent = section.offset + section.size;
    }
    return 0;
}

static int find_section(const struct elf *elf, const char *prefix, const char *rest,
                        struct section *section)
{
    size_t length = strlen(prefix);
    for (unsigned int index = 0; index < elf->section_count; index++)
        if (read_section(elf, index, section) == 0 && strncmp(section->name, prefix, length) == 0
            && strcmp(section->name + length, rest) == 0)
            return 1;
    return 0;
}

struct information {
    const unsigned char *at;
    const unsigned char *end;
    unsigned int format;
    unsigned int attribute;
    const unsigned char *value;
    size_t size;
};

/* A record is a format, an attribute and two bytes: the value, or (format 4) the value's length.
 * Returns 1 for a record, 0 at the end, -1 when the section is broken. */
static int next_record(struct information *information)
{
    if (information->at == information->end)
        return 0;
    if (information->end - information->at < 4)
        return -1;
    information->format = information->at[0];
    information->attribute = information->at[1];
    information->value = information->at + 2;
    information->size = 2;
    information->at += 4;
    if (information->format < 1 || information->format > 4)
        return -1;
    if (information->format == 4) {
        information->size = read16(information->value);
        information->value = information->at;
        if ((size_t)(information->end - information->at) < information->size)
            return -1;
        information->at += information->size;
    }
    return 1;
}

static struct information open_information(const struct elf *elf, const struct section *section)
{
    struct information information = {0};
    information.at = elf->bytes + section->offset;
    information.end = information.at + section->size;
    return information;
}

static int add_parameter(struct CUkern_st *kernel, const unsigned char *record, unsigned char *seen)
{
    unsigned int ordinal = read16(record + 4);
    struct parameter *parameter;
    if (ordinal >= kernel->parameter_count || seen[ordinal])
        return -1;
    seen[ordinal] = 1;
    parameter = &kernel->parameters[ordinal];
    parameter->offset = read16(record + 6);
    parameter->size = read32(record + 8) >> 18;
    return parameter->size == 0 ? -1 : 0;
}

static void read_three(uint32_t *values, const unsigned char *record)
{
    for (int axis = 0; axis < 3; axis++)
        values[axis] = read32(record + 4 * axis);
}

static int read_kernel(const struct elf *elf, const struct section *section,
                       struct CUkern_st *kernel)
{
    struct information information = open_information(elf, section);
    unsigned char *seen;
    uint32_t threads[3];
    int state;
    while ((state = next_record(&information)) == 1)
        kernel->parameter_count += information.attribute == INFO_PARAMETER;
    if (state < 0)
        return -1;
    kernel->parameters =
        checked_allocation((kernel->parameter_count + 1) * sizeof *kernel->parameters);
    seen = checked_allocation(kernel->parameter_count + 1);
    information = open_information(elf, section);
    while (state == 0 && next_record(&information) == 1) {
        if (information.size != 12)
            continue;
        if (information.attribute == INFO_PARAMETER)
            state = add_parameter(kernel, information.value, seen);
        if (information.attribute == INFO_REQUIRED_BLOCK)
            read_three(kernel->required_block, information.value);
        if (information.attribute == INFO_CLUSTER)
            read_three(kernel->cluster, information.value);
        if (information.attribute == INFO_MAXIMUM_THREADS) {
            read_three(threads, information.value);
            kernel->maximum_threads = threads[0] * threads[1] * threads[2];
        }
    }
    for (size_t index = 0; index < kernel->parameter_count; index++)
        state = seen[index] ? state : -1;
    free(seen);
    return state;
}

/* What the image says of all its functions, each by the number of its symbol. */
static void read_sizes(const struct elf *elf, uint32_t symbol, struct CUkern_st *kernel)
{
    struct section section;
    struct information information;
    if (!find_section(elf, ".nv.info", "", &section))
        return;
    information = open_information(elf, &section);
    while (next_record(&information) == 1) {
        if (information.size != 8 || read32(information.value) != symbol)
            continue;
        if (information.attribute == INFO_REGISTERS)
            kernel->registers = read32(information.value + 4);
        if (information.attribute == INFO_STACK)
            kernel->stack = read32(information.value + 4);
    }
}

/* Kernels are the entry symbols; a helper function that was not inlined is none. */
static int read_kernels(const struct elf *elf, struct CUlib_st *library)
{
    struct section symbols, names, information;
    if (!find_section(elf, ".symtab", "", &symbols) || symbols.type != SECTION_SYMBOLS
        || symbols.link >= elf->section_count || read_section(elf, symbols.link, &names) != 0)
        return -1;
    for (uint64_t at = 0; at + 24 <= symbols.size; at += 24) {
        const unsigned char *symbol = elf->bytes + symbols.offset + at;
        const char *name = (const char *)elf->bytes + names.offset + read32(symbol);
        struct CUkern_st *kernel;
        if ((symbol[4] & 15) != SYMBOL_FUNCTION || !(symbol[5] & SYMBOL_IS_ENTRY))
            continue;
        if (read32(symbol) >= names.size || !find_section(elf, ".nv.info.", name, &information))
            return -1;
        kernel = image_add_kernel(library, name, strlen(name));
        if (read_kernel(elf, &information, kernel) != 0)
            return -1;
        read_sizes(elf, (uint32_t)(at / 24), kernel);
    }
    return library->kernels == NULL ? -1 : 0;
}

static int marked_accelerated(const struct elf *elf)
{
    struct section section;
    struct information information;
    if (!find_section(elf, ".nv.compat", "", &section))
        return 0;
    information = open_information(elf, &section);
    while (next_record(&information) == 1)
        if (information.attribute == COMPAT_ACCELERATED)
            return information.value[0] != 0;
    return 0;
}

static int read_architecture(const struct elf *elf, struct CUlib_st *library)
{
    uint32_t flags = read32(elf->bytes + 48);
    int accelerated;
    if (elf->bytes[7] == 0x33 && elf->bytes[8] == 7) {
        library->architecture = (int)(flags & 0xff);
        accelerated = (flags & 0x800) != 0;
    } else if (elf->bytes[7] == 0x41 && elf->bytes[8] == 8) {
        library->architecture = (int)(flags >> 8 & 0xff);
        accelerated = (flags & 0x8) != 0 || marked_accelerated(elf);
    } else {
        return -1;
    }
    library->suffix = accelerated ? 'a' : 0;
    return 0;
}

CUresult cubin_parse(const unsigned char *image, struct CUlib_st *library)
{
    struct elf elf;
    if (open_elf(&elf, image) != 0 || find_extent(&elf, &library->size) != 0
        || read_architecture(&elf, library) != 0 || read_kernels(&elf, library) != 0)
        return CUDA_ERROR_INVALID_IMAGE;
    return CUDA_SUCCESS;
}
