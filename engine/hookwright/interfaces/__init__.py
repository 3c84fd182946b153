"""What people and programs touch: the command line, the HTTP API and their settings. No logic of its own."""
