"""The doors to networks that learn an analogy: learning one, and using it."""
