"""What a compiled image is: the proof of its launch layout by the image's own records, and the
memory that it reads and writes, by Triton's IR.
"""
