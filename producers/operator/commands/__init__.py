"""What people ask to be changed: requests become `Command`s in the inbox, and outcomes become answers."""
