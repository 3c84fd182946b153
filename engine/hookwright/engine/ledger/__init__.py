"""The ledger: what is due, claimed and settled, in Redis; and the doorbell that wakes workers."""
