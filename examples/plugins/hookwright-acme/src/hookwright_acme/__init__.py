"""An example of a Hookwright plugin. `plugin` is what the entry point names."""
