"""From Triton kernels to a library: read, choose variants, compile, prove, render, write.

`export` declares a kernel; `python -m codegen regenerate` does the rest. Data flows one way, and
each stage is a package: `read` gives kernels, `variants` decides what to build of them, `compile`
makes images, `prove` checks them, `render` makes the text of files, and `project` compares that
with what is committed. `model` has what the stages hand to one another. README.md has the job of
every file.
"""
