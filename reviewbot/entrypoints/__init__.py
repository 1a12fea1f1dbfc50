"""Receives and answers: web, command line."""
