"""The pure core: what to do about a record, as a function of the state and the record. No I/O, clock or chance."""
