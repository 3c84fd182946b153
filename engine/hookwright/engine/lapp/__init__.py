"""Calls of Lapps: foreign code in processes of its own, with limits; what it says and prints comes back."""
