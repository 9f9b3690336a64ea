"""What a compiled image is: its launch layout, by the image's own records, and the memory that it
reads and writes, by Triton's IR.
"""
