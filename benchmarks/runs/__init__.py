"""How much runs that wait cost: to begin, to keep, to read back at a start, and to take on."""
