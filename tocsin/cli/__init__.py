"""The command line: reads arguments, calls the part that does the work, prints. No logic of the pipeline lives here."""
