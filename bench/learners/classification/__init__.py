"""Classifiers: networks for images and texts, linear models for texts, and what they say."""
