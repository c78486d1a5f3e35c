"""The mark of synthetic data, by which every reader of the figures recognises them."""

FILE_MARK = "SYNTHETIQUE"
"""In the name of every synthetic file, and in that of no real one."""
