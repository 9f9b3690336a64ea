/* Walks through the driver as a launcher does and prints each result, for any libcuda.so.1.
 *
 *     walk SIZES IMAGE...
 *
 * SIZES are the bytes of each parameter of the kernel `every_type`, as 8,1,1: each parameter gets
 * a block of memory of just that size, so that a memory checker sees a read that goes too far.
 * It is written against NVIDIA's own header, so that it also proves the stand-in's prototypes, and
 * does nothing that the real driver would not survive.
 */
#define _POSIX_C_SOURCE 200809L

#include <cuda.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARAMETER_LIMIT = 64, THREADS = 4, LAUNCHES = 25, SHARED_BYTES = 60000 };

static void *parameters[PARAMETER_LIMIT];
static int parameter_count;

/* Zeroes for the pointer and the flag, on which the kernel stores nothing. */
static void make_parameters(const char *sizes)
{
    while (*sizes != '\0') {
        char *end;
        size_t size = strtoul(sizes, &end, 10);
        parameters[parameter_count] = calloc(1, size);
        if (parameter_count > 1)
            memset(parameters[parameter_count], parameter_count, size);
        parameter_count++;
        sizes = *end == ',' ? end + 1 : end;
    }
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *content = NULL;
    long size = -1;
    if (file != NULL && fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) >= 0) {
        rewind(file);
        content = calloc(1, (size_t)size + 1);
        if (fread(content, 1, (size_t)size, file) != (size_t)size)
            exit(2);
    }
    if (content == NULL) {
        perror(path);
        exit(2);
    }
    fclose(file);
    return content;
}

static CUresult launch(CUkernel kernel, unsigned int shared_bytes)
{
    CUlaunchAttribute attribute = {.id = CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION,
                                   .value = {.programmaticStreamSerializationAllowed = 1}};
    CUlaunchConfig config = {0};
    config.gridDimX = 3;
    config.gridDimY = 2;
    config.gridDimZ = 1;
    config.blockDimX = 128;
    config.blockDimY = config.blockDimZ = 1;
    config.sharedMemBytes = shared_bytes;
    config.attrs = &attribute;
    config.numAttrs = 1;
    return cuLaunchKernelEx(&config, (CUfunction)kernel, parameters, NULL);
}

struct job {
    CUkernel kernel;
    CUcontext context;
    CUresult before; /* without a current context */
    CUresult after;
};

static void *run_job(void *argument)
{
    struct job *job = argument;
    job->before = launch(job->kernel, 0);
    job->after = cuCtxPushCurrent(job->context);
    for (int index = 0; index < LAUNCHES && job->after == CUDA_SUCCESS; index++)
        job->after = launch(job->kernel, 0);
    return NULL;
}

static void walk_threads(CUkernel kernel, CUcontext context)
{
    pthread_t threads[THREADS];
    struct job jobs[THREADS];
    for (int index = 0; index < THREADS; index++) {
        jobs[index].kernel = kernel;
        jobs[index].context = context;
        if (pthread_create(&threads[index], NULL, run_job, &jobs[index]) != 0)
            exit(2);
    }
    for (int index = 0; index < THREADS; index++)
        pthread_join(threads[index], NULL);
    printf("  threads without and with a context:");
    for (int index = 0; index < THREADS; index++)
        printf(" %d/%d", jobs[index].before, jobs[index].after);
    printf("\n");
}

static void walk_memory(void)
{
    CUdeviceptr address = 0;
    CUresult nothing = cuMemAllocAsync(&address, 0, NULL);
    CUresult taken = cuMemAllocAsync(&address, 1000, NULL);
    CUresult given = cuMemFreeAsync(address, NULL);
    printf("  memory: nothing %d, taken %d, aligned %d, given %d\n", nothing, taken,
           address % 256 == 0, given);
}

static void walk_device(CUkernel kernel, CUdevice device)
{
    int major = 0, minor = 0;
    CUresult attribute, refused, result;
    CUcontext context = NULL;
    cuDeviceGetAttribute(&major, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device);
    cuDeviceGetAttribute(&minor, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, device);
    cuDevicePrimaryCtxRetain(&context, device);
    cuCtxSetCurrent(context);
    refused = launch(kernel, SHARED_BYTES);
    attribute = cuKernelSetAttribute(CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, SHARED_BYTES,
                                     kernel, device);
    result = launch(kernel, SHARED_BYTES);
    printf("  sm_%d%d: too much shared memory %d, attribute %d, launch %d\n", major, minor, refused,
           attribute, result);
    if (result == CUDA_SUCCESS)
        walk_threads(kernel, context);
    walk_memory();
}

static void walk_image(const char *path, int devices)
{
    char *image = read_file(path);
    const char *name = strrchr(path, '/');
    CUlibrary library = NULL;
    CUkernel kernel = NULL;
    CUresult result = cuLibraryLoadData(&library, image, NULL, NULL, 0, NULL, NULL, 0);
    free(image);
    printf("%s: load %d", name == NULL ? path : name + 1, result);
    if (result != CUDA_SUCCESS) {
        printf("\n");
        return;
    }
    printf(", absent kernel %d", cuLibraryGetKernel(&kernel, library, "absent"));
    printf(", kernel %d\n", cuLibraryGetKernel(&kernel, library, "every_type"));
    for (int device = 0; device < devices; device++)
        walk_device(kernel, device);
    cuLibraryUnload(library);
}

int main(int argc, char **argv)
{
    int devices = 0;
    const char *text = NULL;
    if (argc < 2)
        return 2;
    make_parameters(argv[1]);
    printf("before cuInit: %d\n", cuDeviceGetCount(&devices));
    printf("cuInit: %d\n", cuInit(0));
    cuDeviceGetCount(&devices);
    cuGetErrorString(CUDA_ERROR_NO_BINARY_FOR_GPU, &text);
    printf("209: %s\n", text);
    for (int index = 2; index < argc; index++)
        walk_image(argv[index], devices);
    for (int index = 0; index < parameter_count; index++)
        free(parameters[index]);
    return 0;
}
