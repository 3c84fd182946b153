"""The runner: the one process of a node that carries out runs of automations, and events of one's own."""
