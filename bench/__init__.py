"""Labelworth: what a label is worth. A benchmark for active learning on sequences."""

__version__ = "0.1.0"
