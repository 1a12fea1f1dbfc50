"""The nouns of a review and their laws; no I/O, no clock."""
