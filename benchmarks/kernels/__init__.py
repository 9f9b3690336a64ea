"""Kernels that do next to nothing, of which the launch is measured; a small project of its own."""
