"""From a recording to kernel files: a declaration of what a program launched, beside its data."""
