"""The Slack sink: one message (and its thread) per incident and channel, edited in place."""
