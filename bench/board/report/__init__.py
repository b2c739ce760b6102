"""The page: every board in one HTML file that asks for nothing else."""
