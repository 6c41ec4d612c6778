"""Learning an analogy, the file that a network is kept in, and using it."""
