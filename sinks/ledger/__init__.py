"""The sink that holds what was received against what became of it."""
