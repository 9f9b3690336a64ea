"""From variants to proven images: processes that compile, and what they have made."""
