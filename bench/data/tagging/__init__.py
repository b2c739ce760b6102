"""Tagging: sentences in, one tag per word out; what of the data room is its own."""
