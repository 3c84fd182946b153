"""One call: the exact request, where it may go, and the wire it goes over."""
