#!/usr/bin/env python3
"""Write the whole image analogy for TensorFlow Serving."""

from analogies.apps.serving.analogy_export import main

raise SystemExit(main())
