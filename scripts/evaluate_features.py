#!/usr/bin/env python3
"""Agreement of feature models with a teacher on held-out pictures, as a table.

scripts/evaluate_features.py slim random rgb --teacher vgg19.npz --images photographs
"""

from distillation.evaluation import main

raise SystemExit(main())
