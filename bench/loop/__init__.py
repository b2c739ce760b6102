"""The active-learning loop, what it hands to strategies, and the clock it holds on them."""
