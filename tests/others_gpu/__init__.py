"""Calls of other projects' kernels: inputs, what has to come out, how Triton's JIT is called."""
