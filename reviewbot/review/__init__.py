"""The decisions of a review; every effect is a call on a port."""
