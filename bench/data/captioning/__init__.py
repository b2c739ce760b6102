"""Captioning: images in, sentences out; what of the data room is its own."""
