/* A program with a TVM FFI of its own, of which only what registration asks for is there. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static int is_new;

int TVMFFITypeKeyToIndex(const void *key, int32_t *index);
int TVMFFITypeKeyToIndex(const void *key, int32_t *index)
{
    (void)key;
    *index = 78;
    return is_new ? 0 : -1;
}

void TVMFFIErrorSetRaisedFromCStrParts(const char *kind, const char **parts, int32_t count);
void TVMFFIErrorSetRaisedFromCStrParts(const char *kind, const char **parts, int32_t count)
{
    printf("%s: ", kind);
    for (int32_t i = 0; i < count; i++)
        printf("%s", parts[i]);
    printf("\n");
}

int TVMFFIFunctionGetGlobal(const void *name, void **function);
int TVMFFIFunctionGetGlobal(const void *name, void **function)
{
    (void)name;
    *function = NULL;
    return 0;
}

int TVMFFIFunctionCreate(void *self, void *call, void *deleter, void **function);
int TVMFFIFunctionCreate(void *self, void *call, void *deleter, void **function)
{
    (void)self;
    (void)deleter;
    *function = call;
    return 0;
}

#define UNUSED(name)                                                                               \
    int name(void);                                                                                \
    int name(void)                                                                                 \
    {                                                                                              \
        return 0;                                                                                  \
    }
UNUSED(TVMFFIEnvGetStream)
UNUSED(TVMFFIStringFromByteArray)
UNUSED(TVMFFIFunctionSetGlobalFromMethodInfo)
UNUSED(TVMFFIObjectIncRef)
UNUSED(TVMFFIObjectDecRef)

int main(int count, char **arguments)
{
    void *library = dlopen(arguments[count - 1], RTLD_NOW);
    int (*enroll)(void) = NULL;
    if (library == NULL)
        return 1;
    *(void **)&enroll = dlsym(library, "choices_register");
    printf("%d\n", enroll());
    is_new = 1;
    printf("%d\n", enroll());
    return 0;
}
