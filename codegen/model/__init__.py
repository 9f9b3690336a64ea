"""The vocabulary: what the stages hand to one another, and what each of them may know."""
