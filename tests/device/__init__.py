"""Tests on an OpenCL or CUDA device; ``tests/test_device.py`` runs them."""
