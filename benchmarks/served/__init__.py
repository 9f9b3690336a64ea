"""Programs of other projects' kernels: recorded, adopted, served, and measured."""
