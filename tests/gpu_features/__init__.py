"""Every feature of the launch ABI that Hopper has, in a package for machines with a GPU."""
