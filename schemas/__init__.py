"""What every process shares: schemas, records, topics, codec, configuration, settings. Opens no connection."""
