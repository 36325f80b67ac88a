"""The key of a room without passwords: a secret in the address that is printed, which lets one browser in; then the next one holds."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from threading import Lock

KEY_BYTES = 32
PARAMETER = "key"


class Key:
    """The key that holds now. told: is given each new one but the first, once the one before has been used."""

    def __init__(self, told: Callable[[str], None]) -> None:
        self._told, self._lock = told, Lock()
        self.now = secrets.token_urlsafe(KEY_BYTES)

    def taken(self, given: str) -> bool:
        """Whether this is the key; it opens nothing any more afterwards. Compared in constant time."""
        with self._lock:
            if not hmac.compare_digest(given.encode("utf-8", "surrogatepass"), self.now.encode()):
                return False
            self.now = secrets.token_urlsafe(KEY_BYTES)
        self._told(self.now)
        return True
