"""A run over the frames of a moving picture, from files to a result that is kept."""
