"""From variants to proven images: the processes that compile, and what they made."""
