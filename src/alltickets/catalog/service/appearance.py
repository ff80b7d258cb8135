"""Use cases of what events and organizers look like: posters, logo, accent."""

import asyncio
from uuid import UUID

from alltickets.catalog.events import EventPart
from alltickets.catalog.pictures import EncodedPicture, encode_picture
from alltickets.catalog.queries import APPEARANCE_TOPIC, read_appearance
from alltickets.catalog.rules.snapshot import Appearance
from alltickets.catalog.schemas.organizer import AppearanceChange, EventRead
from alltickets.catalog.service.editing import Editing, check_version
from alltickets.identity.interface import Actor, Subject, record
from alltickets.platform.database import Database, Transaction

__all__ = ["Appearances"]


class Appearances:
    """An organizer's pictures and colour. Pictures are encoded before the transaction begins."""

    def __init__(self, database: Database, editing: Editing) -> None:
        self._database = database
        self._editing = editing

    async def read(self, actor: Actor) -> Appearance:
        """What the organizer has chosen; version 0: nothing yet."""
        async with self._database.reading(actor.organizer_id) as reader:
            return await read_appearance(reader)

    async def change(self, actor: Actor, body: AppearanceChange) -> Appearance:
        """Set the accent. Raises `VersionConflict`."""
        async with self._database.transaction(actor.organizer_id) as tx:
            before = await _locked(tx)
            check_version(body.version, before.version)
            return await _changed(tx, actor, before, accent=body.accent, logo_id=before.logo.picture_id if before.logo else None)

    async def put_logo(self, actor: Actor, body: bytes) -> Appearance:
        """Set the logo. Raises `PictureRefused`."""
        picture = await asyncio.to_thread(encode_picture, body, owner_id=actor.organizer_id)
        async with self._database.transaction(actor.organizer_id) as tx:
            before = await _locked(tx)
            await _keep(tx, picture)
            return await _changed(tx, actor, before, accent=before.accent, logo_id=picture.picture_id)

    async def remove_logo(self, actor: Actor) -> Appearance:
        """Take the logo away, if there is one."""
        async with self._database.transaction(actor.organizer_id) as tx:
            before = await _locked(tx)
            return await _changed(tx, actor, before, accent=before.accent, logo_id=None)

    async def put_poster(self, actor: Actor, event_id: UUID, body: bytes) -> EventRead:
        """Set the event's poster. Raises `PictureRefused`, `EventNotFound`, `IllegalMove`."""
        picture = await asyncio.to_thread(encode_picture, body, owner_id=event_id)
        async with self._editing.of(actor, event_id) as edit:
            await _keep(edit.tx, picture)
            await _set_poster(edit.tx, event_id, picture.picture_id)
            await edit.changed(EventPart.EVENT, event_id, "poster_set")
        return edit.after.event

    async def remove_poster(self, actor: Actor, event_id: UUID) -> EventRead:
        """Take the event's poster away; it is shown with one made for it. Raises `EventNotFound`, `IllegalMove`."""
        async with self._editing.of(actor, event_id) as edit:
            if edit.before.event.poster is not None:
                await _set_poster(edit.tx, event_id, None)
                await edit.changed(EventPart.EVENT, event_id, "poster_removed")
        return edit.after.event


async def _locked(tx: Transaction) -> Appearance:
    """The organizer's appearance, its row there and locked: two changes come one after the other."""
    await tx.execute(
        """
        INSERT INTO catalog.appearances (organizer_id, version)
        VALUES (%(organizer_id)s, 0)
        ON CONFLICT (organizer_id) DO NOTHING
        """
    )
    await tx.fetch_tuples("SELECT 1 FROM catalog.appearances WHERE organizer_id = %(organizer_id)s FOR UPDATE")
    return await read_appearance(tx)


async def _changed(tx: Transaction, actor: Actor, before: Appearance, *, accent: str | None, logo_id: UUID | None) -> Appearance:
    await tx.execute(
        """
        UPDATE catalog.appearances
           SET accent = %(accent)s, logo_id = %(logo_id)s, version = version + 1
         WHERE organizer_id = %(organizer_id)s
        """,
        accent=accent,
        logo_id=logo_id,
    )
    if before.logo is not None and before.logo.picture_id != logo_id:
        await _forget(tx, before.logo.picture_id)
    await record(
        tx, actor, "appearance.changed", Subject("organizer", tx.organizer_id), {"accent": accent, "has_logo": logo_id is not None}
    )
    tx.announce(APPEARANCE_TOPIC, str(tx.organizer_id))
    return await read_appearance(tx)


async def _keep(tx: Transaction, picture: EncodedPicture) -> None:
    await tx.execute(
        """
        INSERT INTO catalog.pictures (organizer_id, picture_id, width, height, large, small)
        VALUES (%(organizer_id)s, %(picture_id)s, %(width)s, %(height)s, %(large)s, %(small)s)
        ON CONFLICT (organizer_id, picture_id) DO NOTHING
        """,
        picture_id=picture.picture_id,
        width=picture.width,
        height=picture.height,
        large=picture.large,
        small=picture.small,
    )


async def _set_poster(tx: Transaction, event_id: UUID, picture_id: UUID | None) -> None:
    rows = await tx.fetch_tuples(
        "SELECT poster_id FROM catalog.events WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s", event_id=event_id
    )
    await tx.execute(
        """
        UPDATE catalog.events
           SET poster_id = %(poster_id)s, version = version + 1
         WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s
        """,
        event_id=event_id,
        poster_id=picture_id,
    )
    [(former_id,)] = rows
    if former_id is not None and former_id != picture_id:
        await _forget(tx, former_id)


async def _forget(tx: Transaction, picture_id: UUID) -> None:
    """Delete a picture that was replaced: its id belongs to one owner, so nothing else shows it but pages in caches, for seconds."""
    await tx.execute(
        "DELETE FROM catalog.pictures WHERE organizer_id = %(organizer_id)s AND picture_id = %(picture_id)s", picture_id=picture_id
    )
