"""The clock: a tick to each partition each second, and the configuration to whoever decides by it."""
