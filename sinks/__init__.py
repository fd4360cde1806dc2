"""Sinks: each follows the journal and acts on it. They share a reader and a contract, and know nothing of one another."""
