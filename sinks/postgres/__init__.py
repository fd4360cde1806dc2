"""The read model: everything that was decided, as rows for people, the operator API and anyone's SQL."""
