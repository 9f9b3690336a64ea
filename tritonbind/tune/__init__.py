"""Tuning: of kernels built with all their configurations, the best one for each key.

A recording says at which shapes a program launches them, and a generated package has the functions:
each configuration is measured through the library, in a process of its own, and the table that
`tuned=` reads is written. Neither Triton nor torch is needed.
"""
