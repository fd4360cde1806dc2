"""What brings events into the inbox: the webhook, people, topics of other systems, the clock."""
