"""Kill everything in turn under load, then look whether every promise held: `python -m tests.crash` (`make crash`)."""
