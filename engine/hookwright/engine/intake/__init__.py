"""Intake: events come in, are matched, encoded, journalled and acknowledged."""
