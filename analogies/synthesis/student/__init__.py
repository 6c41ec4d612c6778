"""A network that learns an analogy from pictures, and then makes B' in one pass."""
