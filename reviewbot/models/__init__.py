"""Asks model endpoints: prices, dialects, routes."""
