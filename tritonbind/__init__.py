"""From a running program to a library, and back: what works beside any torch and any Triton.

`recording` has the format of recordings, `kernel_identity` says which kernel is which, and the
rest notes the launches of a program. The standard library and apache-tvm-ffi are all that is
needed here, and importing the package imports neither them nor Triton.
"""
