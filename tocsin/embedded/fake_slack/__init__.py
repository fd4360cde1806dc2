"""A Slack of our own for the demo and the tests: it checks what it is sent, keeps it, and can be told to fail."""
