"""The exit codes of every command, in one place; documented in `tocsin --help`."""

DONE = 0
REFUSED = 1
USAGE = 2
NOT_REACHABLE = 3
