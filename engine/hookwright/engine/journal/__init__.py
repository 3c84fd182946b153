"""The journal: append-only lines that are the truth, written, read back, followed and repaired."""
