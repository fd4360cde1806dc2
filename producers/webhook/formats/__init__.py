"""One file for each format: from the bytes of a body to alert events and refusals."""
