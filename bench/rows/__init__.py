"""Results as typed Parquet rows, one per round, and the only code that reads or writes them."""
