"""Scanner devices: paired by a one-time code, then known by a token of their own.

awaiting --pair--> paired --revoke--> revoked
   └------------------revoke-------------^
"""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from alltickets.identity.actors import Actor, DeviceActor
from alltickets.identity.audit import Subject, record
from alltickets.identity.authenticator import Authenticator
from alltickets.identity.credentials import find_credential, issue_credential, revoke_credentials
from alltickets.identity.limits import spend_tries
from alltickets.identity.queries import Device, devices_of
from alltickets.identity.refusals import NoSuchDevice, PairingCodeGone
from alltickets.identity.rules import Limits
from alltickets.identity.tokens import CredentialKind, hash_of, new_pairing_code, new_token, pairing_code_key
from alltickets.kernel.ids import new_id
from alltickets.kernel.time import Clock
from alltickets.platform.database import Database
from alltickets.platform.paging import Page

__all__ = ["Devices", "NewDevice", "PairedDevice"]

PAIRING_CODE_LIFETIME = timedelta(minutes=15)


@dataclass(frozen=True)
class NewDevice:
    """A device that awaits pairing, with the code to type on it, which is shown this once."""

    device: Device
    pairing_code: str = field(repr=False)


@dataclass(frozen=True)
class PairedDevice:
    """A device with its token, which exists on the device only."""

    actor: DeviceActor
    token: str = field(repr=False)


class Devices:
    """Use cases of devices."""

    def __init__(self, database: Database, clock: Clock, limits: Limits, authenticator: Authenticator) -> None:
        self._database = database
        self._clock = clock
        self._limits = limits
        self._authenticator = authenticator

    async def devices(self, actor: Actor, *, cursor: str | None, size: int) -> Page[Device]:
        """The organizer's devices. Raises `CursorUnreadable`."""
        async with self._database.reading(actor.organizer_id) as reader:
            return await devices_of(reader, cursor=cursor, size=size)

    async def create(self, actor: Actor, name: str, *, event_id: UUID | None) -> NewDevice:
        """Announce a device and make its pairing code.

        `event_id` is the only event it may scan for; whether there is such an event shows at the scan.
        """
        now, code = self._clock(), new_pairing_code()
        device = Device(new_id(), name, event_id, "awaiting", now, now + PAIRING_CODE_LIFETIME, None, None)
        async with self._database.transaction(actor.organizer_id) as tx:
            await tx.execute(
                """
                INSERT INTO identity.devices (organizer_id, device_id, name, event_id, status, created_at, code_expires_at)
                VALUES (%(organizer_id)s, %(device_id)s, %(name)s, %(event_id)s, 'awaiting', %(created_at)s, %(code_expires_at)s)
                """,
                device_id=device.device_id,
                name=name,
                event_id=event_id,
                created_at=device.created_at,
                code_expires_at=device.code_expires_at,
            )
            code_hash = hash_of(pairing_code_key(code))
            await issue_credential(tx, CredentialKind.PAIRING, code_hash, device.device_id, expires_at=device.code_expires_at)
            await record(tx, actor, "device.created", Subject("device", device.device_id), {"name": name})
        return NewDevice(device, code)

    async def pair(self, code: str, *, address: str) -> PairedDevice:
        """Turn a code into a device's token, once. Raises `TooManyTries` or `PairingCodeGone`."""
        now = self._clock()
        await spend_tries(self._database, (self._limits.code_per_address, address), now=now)
        async with self._database.reading(None) as reader:
            found = await find_credential(reader, CredentialKind.PAIRING, hash_of(pairing_code_key(code)), now=now)
        if found is None:
            raise PairingCodeGone
        token = new_token(CredentialKind.DEVICE)
        async with self._database.transaction(found.organizer_id) as tx:
            # The guarded UPDATE decides between two that type the same code.
            rows = await tx.fetch_tuples(
                """
                UPDATE identity.devices
                   SET status = 'paired', paired_at = %(now)s
                 WHERE organizer_id = %(organizer_id)s AND device_id = %(device_id)s AND status = 'awaiting' AND code_expires_at > %(now)s
                RETURNING name, event_id
                """,
                device_id=found.subject_id,
                now=now,
            )
            if not rows:
                raise PairingCodeGone
            [(name, event_id)] = rows
            await revoke_credentials(tx, [found.subject_id])
            await issue_credential(tx, CredentialKind.DEVICE, hash_of(token), found.subject_id, expires_at=None)
            actor = DeviceActor(found.organizer_id, found.subject_id, event_id, name)
            await record(tx, actor, "device.paired", Subject("device", actor.device_id), {"address": address})
        return PairedDevice(actor, token)

    async def revoke(self, actor: Actor, device_id: UUID) -> None:
        """End a device, or its pairing code, in every process; once more changes nothing. Raises `NoSuchDevice`."""
        async with self._database.transaction(actor.organizer_id) as tx:
            known = await tx.execute(
                "UPDATE identity.devices SET status = 'revoked' WHERE organizer_id = %(organizer_id)s AND device_id = %(device_id)s",
                device_id=device_id,
            )
            if known == 0:
                raise NoSuchDevice(device_id)
            ended = await revoke_credentials(tx, [device_id])
            if ended:
                await record(tx, actor, "device.revoked", Subject("device", device_id))
        self._authenticator.forget(ended)
