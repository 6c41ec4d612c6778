"""One run, from files or arrays to a result that is kept."""
