"""Damaged and misleading deliveries by the thousand.

Every file is a true table in a random layout, changed in one way. Whatever the change, reading
either refuses the delivery or accounts for every row, never raises anything else, and never gives
a figure that the file doesn't say. Where the change can be seen in the file, the rows it touches
are never figures with another value or month than the true one, and the others read back as they
were. Where a careful person would be sure, the delivery is not refused.
"""
