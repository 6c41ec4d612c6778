"""Many analogies in one process, from a list."""
