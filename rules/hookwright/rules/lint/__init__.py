"""Lint: what can be said of bundles that are valid and wrong. Warnings only, and never a false one."""
