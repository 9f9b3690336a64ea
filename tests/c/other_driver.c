/* Drivers that no launch gets far with: one without devices, and, with OLD defined, an old one. */

#define CALL(name)                                                                                 \
    int name(void *);                                                                              \
    int name(void *ignored)                                                                        \
    {                                                                                              \
        return ignored == (void *)1;                                                               \
    }

int cuDeviceGetCount(int *count);

int cuDeviceGetCount(int *count)
{
    *count = 0;
    return 0;
}

CALL(cuInit)
CALL(cuDeviceGet)
CALL(cuDeviceGetAttribute)
CALL(cuDevicePrimaryCtxRetain)
CALL(cuDevicePrimaryCtxGetState)
CALL(cuCtxGetCurrent)
CALL(cuCtxGetDevice)
CALL(cuStreamGetCtx)
CALL(cuCtxPushCurrent_v2)
CALL(cuCtxPopCurrent_v2)
CALL(cuThreadExchangeStreamCaptureMode)
CALL(cuLibraryLoadData)
CALL(cuLibraryGetKernel)
CALL(cuLibraryUnload)
#ifndef OLD
CALL(cuKernelGetFunction)
#endif
CALL(cuKernelSetAttribute)
CALL(cuMemAllocAsync)
CALL(cuMemFreeAsync)
CALL(cuLaunchKernelEx)
CALL(cuGetErrorName)
CALL(cuGetErrorString)
