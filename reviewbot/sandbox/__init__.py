"""A strict GitHub and a scripted model on loopback, for the demo and the tests."""
