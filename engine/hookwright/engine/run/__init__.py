"""Runs of automations, as pure decisions: what happens next, given what happened; no clock, no file."""
