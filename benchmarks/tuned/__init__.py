"""What `tritonbind tune` chooses, against an exhaustive search by Triton's JIT."""
