"""The status page sink: what was published, as a static site and as Statuspage's JSON."""
