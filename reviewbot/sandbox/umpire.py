"""What a scripted model says to two remarks: whether they name the same defect."""

from __future__ import annotations

import json
import re

_REMARK = re.compile(r'^\{"remark": .*\}$', re.MULTILINE)
_WORD = re.compile(r"[a-z]{5,}")


def names_the_same(prompt: str) -> bool:
    """Whether the remarks of a prompt share a long word."""
    remarks = [json.loads(line)["remark"].lower() for line in _REMARK.findall(prompt)]
    words = [set(_WORD.findall(remark)) for remark in remarks]
    return bool(set.intersection(*words)) if words else False
