"""How fast events are matched against patterns."""
