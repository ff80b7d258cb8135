"""Stylesheets, scripts and pictures of the pages: read once, named by their content, kept for ever by whoever gets them."""

import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from alltickets.storefront.encodings import Compressed, compress

__all__ = ["Asset", "Assets", "frontend_folder"]

ASSETS_PATH = "/assets"
# By the name under which templates ask for it, the files that it is made of, one after the other.
_OWN = {
    "shop.css": ("shared/tokens.css", "shop/shop.css"),
    "favicon.svg": ("shop/favicon.svg",),
}
_MANIFEST = "dist/.vite/manifest.json"


@dataclass(frozen=True)
class Asset:
    """A file as it is sent."""

    media_type: str
    body: Compressed


class _Built(msgspec.Struct, frozen=True):
    """An entry of Vite's manifest. `file` and `css` are below `dist/`, already named by their content."""

    file: str
    css: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    is_entry: bool = msgspec.field(default=False, name="isEntry")


class Assets:
    """The files of the folder `frontend`: the shop's own, and what Vite has built, when it has."""

    def __init__(self, folder: Path) -> None:
        self._urls: dict[str, str] = {}
        self._styles: dict[str, tuple[str, ...]] = {}
        self._imports: dict[str, tuple[str, ...]] = {}
        self._files: dict[str, Asset] = {}
        for name, parts in _OWN.items():
            body = b"\n".join((folder / part).read_bytes() for part in parts)
            self._urls[name] = self._keep(_hashed(name, body), body)
        manifest = folder / _MANIFEST
        if manifest.exists():
            self._take_built(folder / "dist", msgspec.json.decode(manifest.read_bytes(), type=dict[str, _Built]))

    def url(self, name: str) -> str:
        """The path of an asset, by the name of its source: `shop.css`, `shop/checkout/main.tsx`. Raises KeyError when there is none."""
        return self._urls[name]

    def built_url(self, name: str) -> str | None:
        """Likewise for an island's source; None where the islands are not built: the page then does without."""
        return self._urls.get(name)

    def styles(self, name: str) -> tuple[str, ...]:
        """The paths of the stylesheets that an island's source brings along."""
        return self._styles.get(name, ())

    def imports(self, name: str) -> tuple[str, ...]:
        """The scripts that an island's source imports: told in the page, they are fetched at once and not one after the other."""
        return self._imports.get(name, ())

    def find(self, file_name: str) -> Asset | None:
        """The asset that is served under `/assets/{file_name}`."""
        return self._files.get(file_name)

    def _take_built(self, folder: Path, manifest: Mapping[str, _Built]) -> None:
        paths = {}
        for path in sorted(path for path in folder.rglob("*") if path.is_file() and ".vite" not in path.parts):
            paths[path.relative_to(folder).as_posix()] = self._keep(path.name, path.read_bytes())
        for source, built in manifest.items():
            self._urls[source] = paths[built.file]
            self._styles[source] = tuple(paths[css] for css in built.css)
            self._imports[source] = tuple(paths[manifest[name].file] for name in built.imports)

    def _keep(self, file_name: str, body: bytes) -> str:
        media_type = mimetypes.guess_type(file_name)[0] or "application/octet-stream"
        self._files[file_name] = Asset(media_type, compress(body))
        return f"{ASSETS_PATH}/{file_name}"


def frontend_folder() -> Path:
    """Where the files are: beside this module in an installed package (setup.py puts them there), in the source otherwise."""
    installed = Path(__file__).parent / "frontend"
    return installed if installed.exists() else Path(__file__).parents[3] / "frontend"


def _hashed(name: str, body: bytes) -> str:
    stem, _, suffix = name.rpartition(".")
    return f"{stem}.{hashlib.blake2b(body, digest_size=6).hexdigest()}.{suffix}"
