"""Tasks from their cards: inputs without labels, and the sole holders of labels."""
