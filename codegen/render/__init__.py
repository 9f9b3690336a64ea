"""From plans to text: generated C, headers, Python, and what the manifest says of functions."""
