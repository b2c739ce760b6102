"""From rows to verdicts: pure functions that aggregate finished cells and draw them."""
