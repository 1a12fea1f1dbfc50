"""The lab: what models cost beside each other, and how they bear a load."""
