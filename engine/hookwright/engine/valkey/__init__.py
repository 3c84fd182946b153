"""A private Valkey server of our own, and the checks of one that is not."""
