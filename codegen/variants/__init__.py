"""What to build of a kernel, and how a call comes to it: choices, and the variants they make."""
