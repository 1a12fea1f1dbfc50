"""Speaks GitHub: deliveries in, reads and writes out."""
