"""Remembers: money, answers, reviews, and what is to be done."""
