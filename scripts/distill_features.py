#!/usr/bin/env python3
"""Trains the embedded slim network. The shipped file was made with

    KERAS_BACKEND=jax scripts/distill_features.py \
        --teacher vgg19_normalised_conv1_1_to_conv3_1.npz --teacher vgg19_slim16x.npz \
        --images photographs --minutes 8.4 --evaluate-every 48 --workers 8 \
        --learning-rate 1e-3 --out weights/slim.weights.h5

on one H100 (31750 steps); weights/README.md says where teachers and pictures come from.
Any Keras backend will do; `--steps 31750` in the place of `--minutes` repeats it elsewhere.
"""

from distillation.train import main

raise SystemExit(main())
