"""From Triton kernels to a library: introspect, choose variants, compile, prove, render, write.

`export` declares a kernel; `python -m codegen regenerate` does the rest. Data flows one way:
`introspect` reads kernels, `variants` decides what to build, `aot` compiles it, `abi` proves the
launch layout, `render` writes text and `files` compares it with what is committed.
"""
