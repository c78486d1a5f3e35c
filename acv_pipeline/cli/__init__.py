"""The command line: a module for each few commands, and the exit codes of all."""

FINE, DATA_HELD, WRONG_USE = 0, 1, 2
INTERRUPTED = 130  # as shells say it
WHOLE = "acv: interrupted: what is whole stays, the next run ends the work"
