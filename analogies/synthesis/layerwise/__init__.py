"""One field of matches per layer, as image-analogies and CNNMRF have it."""
