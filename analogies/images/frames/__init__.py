"""Moving pictures as frames: folders, animations and clips, read and written one at a time."""
