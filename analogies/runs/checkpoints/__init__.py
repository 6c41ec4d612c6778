"""What is kept of a run while it goes on, and going on from there."""
