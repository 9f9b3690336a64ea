"""The vocabulary: what the stages hand to one another, and the facts that any of them may use."""
