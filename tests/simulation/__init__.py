"""Months of operation on the virtual clock: what arrives, what must hold after each record, and a naive model beside."""
