#!/usr/bin/env python3
"""Write a feature model for TensorFlow Serving."""

from analogies.apps.serving.feature_export import main

raise SystemExit(main())
