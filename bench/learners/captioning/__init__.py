"""Captioning models: image encoders, an attentive decoder of words, and what they say."""
