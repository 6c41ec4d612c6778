"""One field of matches for all layers: what a level does by default."""
