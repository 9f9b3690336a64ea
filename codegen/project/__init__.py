"""The folders of a project: its settings, its inputs, its output, and whether that is fresh."""
