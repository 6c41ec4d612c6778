"""Models for TensorFlow Serving: the features and the whole analogy."""
