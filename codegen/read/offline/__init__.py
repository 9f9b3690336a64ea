"""The GPU of a target, for kernel files that ask for one, on a machine without."""
