"""Classification: images or sentences in, one class each; what of the data room is its own."""
