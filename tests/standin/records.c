/* What was launched, in order, and its form as a line of JSON, also for a log file. */
#define _GNU_SOURCE

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "standin.h"

struct record {
    const struct CUkern_st *kernel;
    CUlaunchConfig config; /* with its own copy of the attributes */
    CUcontext context;
    unsigned char *parameters;
    long thread;
    int shared_limit;
    unsigned long order;
};

static struct record *records;
static size_t count;
static size_t capacity;
static unsigned long order;
static int off;
static FILE *log_file;

static void write_hexadecimal(FILE *file, const unsigned char *bytes, size_t size)
{
    fputc('"', file);
    for (size_t index = 0; index < size; index++)
        fprintf(file, "%02x", (unsigned int)bytes[index]);
    fputc('"', file);
}

static void write_text(FILE *file, const char *text)
{
    fputc('"', file);
    for (; *text != '\0'; text++) {
        unsigned char character = (unsigned char)*text;
        if (character < 0x20 || character > 0x7e || character == '"' || character == '\\')
            fprintf(file, "\\u%04x", (unsigned int)character);
        else
            fputc(character, file);
    }
    fputc('"', file);
}

static void write_image(FILE *file, const struct CUlib_st *library)
{
    fprintf(file, "{\"kind\": \"%s\", \"target\": \"sm_%d", library->is_ptx ? "ptx" : "cubin",
            library->architecture);
    if (library->suffix != 0)
        fputc(library->suffix, file);
    fprintf(file, "\", \"hash\": %llu, \"size\": %llu}", (unsigned long long)library->hash,
            (unsigned long long)library->size);
}

static void write_record(FILE *file, const struct record *record)
{
    const struct CUkern_st *kernel = record->kernel;
    const CUlaunchConfig *config = &record->config;
    fputs("{\"kernel\": ", file);
    write_text(file, kernel->name);
    fputs(", \"image\": ", file);
    write_image(file, kernel->library);
    fprintf(file, ", \"grid\": [%u, %u, %u], \"block\": [%u, %u, %u], \"shared_bytes\": %u",
            config->gridDimX, config->gridDimY, config->gridDimZ, config->blockDimX,
            config->blockDimY, config->blockDimZ, config->sharedMemBytes);
    fprintf(file, ", \"shared_limit\": %d, \"stream\": %llu, \"context\": %llu, \"device\": %d",
            record->shared_limit, (unsigned long long)(size_t)config->hStream,
            (unsigned long long)(size_t)record->context, record->context->device);
    fprintf(file, ", \"thread\": %ld, \"order\": %lu, \"attributes\": [", record->thread,
            record->order);
    for (unsigned int index = 0; index < config->numAttrs; index++) {
        const CUlaunchAttribute *attribute = &config->attrs[index];
        fprintf(file, "%s{\"id\": %u, \"value\": ", index > 0 ? ", " : "", attribute->id);
        write_hexadecimal(file, attribute->value.bytes, sizeof attribute->value.bytes);
        fputc('}', file);
    }
    fputs("], \"parameters\": [", file);
    for (size_t index = 0; index < kernel->parameter_count; index++) {
        const struct parameter *parameter = &kernel->parameters[index];
        fprintf(file, "%s{\"offset\": %u, \"bytes\": ", index > 0 ? ", " : "", parameter->offset);
        write_hexadecimal(file, record->parameters + parameter->offset, parameter->size);
        fputc('}', file);
    }
    fputs("]}", file);
}

static void *copy(const void *memory, size_t size)
{
    void *result = checked_allocation(size + 1);
    if (size > 0)
        memcpy(result, memory, size);
    return result;
}

static void forget(struct record *record)
{
    free(record->parameters);
    free(record->config.attrs);
}

void record_launch(const CUlaunchConfig *config, const struct CUkern_st *kernel, CUcontext context,
                   const unsigned char *parameters)
{
    struct record record = {0};
    if (off)
        return;
    record.order = records_next();
    record.kernel = kernel;
    record.config = *config;
    record.context = context;
    record.parameters = copy(parameters, parameters_size(kernel));
    record.config.attrs = copy(config->attrs, config->numAttrs * sizeof *config->attrs);
    record.thread = syscall(SYS_gettid);
    record.shared_limit = kernel->shared_limit[context->device];
    if (log_file != NULL) {
        write_record(log_file, &record);
        fputc('\n', log_file);
        fflush(log_file);
    }
    if (count == capacity) {
        struct record *old = records;
        capacity = capacity == 0 ? 64 : 2 * capacity;
        records = checked_allocation(capacity * sizeof *records);
        if (count > 0)
            memcpy(records, old, count * sizeof *records);
        free(old);
    }
    records[count++] = record;
}

unsigned long records_next(void)
{
    return ++order;
}

void records_forget(void)
{
    order = 0;
    while (count > 0)
        forget(&records[--count]);
    free(records);
    records = NULL;
    capacity = 0;
}

void records_switch(int on)
{
    off = !on;
}

void records_open_log(const char *path)
{
    log_file = fopen(path, "a");
    if (log_file == NULL) {
        perror(path);
        abort();
    }
}

size_t records_count(void)
{
    return count;
}

size_t records_write(size_t index, char *buffer, size_t buffer_size)
{
    char *text = NULL;
    size_t length = 0;
    FILE *file;
    if (index >= count)
        return (size_t)-1;
    file = open_memstream(&text, &length);
    if (file == NULL)
        abort();
    write_record(file, &records[index]);
    fclose(file);
    if (buffer_size > 0) {
        size_t kept = length < buffer_size ? length : buffer_size - 1;
        memcpy(buffer, text, kept);
        buffer[kept] = '\0';
    }
    free(text);
    return length;
}
