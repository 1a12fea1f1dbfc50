"""Which files hold no text, by their names and by their contents."""

from __future__ import annotations

import re

_NAMES = re.compile(
    r"\.(?:png|jpe?g|gif|webp|avif|ico|bmp|tiff?|psd|woff2?|ttf|otf|eot|mp[34]|m4a|ogg|wav|mov|webm"
    r"|pdf|docx?|xlsx?|pptx?|zip|gz|tgz|bz2|xz|zst|7z|rar|jar|war|class|pyc|so|dll|dylib|exe|o|a"
    r"|bin|wasm|parquet|sqlite|db)$",
    re.IGNORECASE,
)
_LOOKED_AT = 8_000  # bytes; a NUL in them makes a file binary, as for git


def is_named_binary(path: str) -> bool:
    """Whether a file of that name is not expected to hold text."""
    return bool(_NAMES.search(path))


def is_binary(content: bytes) -> bool:
    """Whether a file with that content has no lines."""
    return b"\0" in content[:_LOOKED_AT]
