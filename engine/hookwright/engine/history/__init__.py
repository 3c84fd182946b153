"""The history: an index of the journal in SQLite, and every answer that is read from it."""
