"""The whole way of a pull request on this machine: real service, loopback GitHub and models."""
