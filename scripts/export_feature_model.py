#!/usr/bin/env python3
"""Write a feature model for TensorFlow Serving."""

from analogies.features.export import main

raise SystemExit(main())
