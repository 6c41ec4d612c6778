#!/usr/bin/env python3
"""Write a network that learned an analogy for TensorFlow Serving, or for phones."""

from analogies.apps.serving.fast_export import main

raise SystemExit(main())
