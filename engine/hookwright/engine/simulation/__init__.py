"""Simulation: the engine's own decisions on a clock that jumps, without a network, a disk or a server."""
