"""The mark of synthetic data, by which every reader of the figures recognises them.

Here: the word that the names of sample files bear. Not here: making such files (``sample_data``).
"""

FILE_MARK = "SYNTHETIQUE"
"""In the name of every synthetic file, and in that of no real one."""
