"""Tokens of the demo's scanners, in a file of the data folder: the database keeps only hashes, and who tries the door needs one."""

import os
from pathlib import Path
from uuid import UUID

import msgspec

__all__ = ["ScannerTokens"]


class ScannerTokens:
    """Tokens by device, readable by this user alone."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def get(self, device_id: UUID) -> str | None:
        """The device's token, or None."""
        return self._read().get(device_id)

    def keep(self, device_id: UUID, token: str) -> None:
        """Add a token."""
        tokens = {**self._read(), device_id: token}
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(tokens))

    def _read(self) -> dict[UUID, str]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[UUID, str])
        except (FileNotFoundError, msgspec.DecodeError):
            return {}
