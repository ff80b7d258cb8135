"""What lies in the database: no secret in clear, and nothing that has expired for long."""

import psycopg
from psycopg import sql

from alltickets.identity.rules import Permission, Role
from alltickets.identity.service import IdentityService
from alltickets.kernel.ids import new_id
from tests.conftest import SettableClock
from tests.identity.conftest import PASSWORD, House, join, make_house


async def test_no_secret_is_stored_in_clear(identity: IdentityService, house: House, database_url: str) -> None:
    api_key = await identity.api_keys.create(house.actor, "web", [Permission.EVENTS_READ])
    paired_device = await identity.devices.create(house.actor, "Puerta 1", event_id=None)
    paired = await identity.devices.pair(paired_device.pairing_code, address=str(new_id()))
    device = await identity.devices.create(house.actor, "Puerta 2", event_id=None)
    invited = await identity.members.invite(house.actor, f"{new_id().hex}@example.com", Role.GATE)
    member = await join(identity, house, Role.GATE, password="a secret of Beto's own")
    codes = [paired_device.pairing_code, device.pairing_code]
    secrets = [PASSWORD, "a secret of Beto's own", house.owner.token, member.token, api_key.token, paired.token, invited.token, *codes]
    secrets += [code.replace("-", "") for code in codes]

    stored = everything_in(database_url)

    assert house.slug in stored, "the search sees what is there"
    assert "$argon2id$" in stored
    for secret in secrets:
        assert secret not in stored
        assert secret.encode().hex() not in stored


async def test_a_printed_value_does_not_show_its_secret(identity: IdentityService, house: House) -> None:
    api_key = await identity.api_keys.create(house.actor, "web", [Permission.EVENTS_READ])
    device = await identity.devices.create(house.actor, "Puerta 1", event_id=None)

    assert house.owner.token not in repr(house.owner)
    assert api_key.token not in repr(api_key)
    assert device.pairing_code not in repr(device)


async def test_the_sweeper_deletes_what_has_expired_and_nothing_else(
    identity: IdentityService, clock: SettableClock, database_url: str
) -> None:
    # Made in the past and swept now: what other tests hold has not expired.
    clock.advance(days=-15)
    house = await make_house(identity)
    made = await identity.api_keys.create(house.actor, "web", [Permission.EVENTS_READ])

    clock.advance(days=15)
    while await identity.sweep_expired():
        pass

    with psycopg.connect(database_url) as connection:
        counts = connection.execute(
            """
            SELECT (SELECT count(*) FROM identity.sessions WHERE organizer_id = %(id)s),
                   (SELECT count(*) FROM identity.credentials WHERE organizer_id = %(id)s),
                   (SELECT count(*) FROM identity.tries WHERE expires_at <= now())
            """,
            {"id": house.actor.organizer_id},
        ).fetchone()
    assert counts == (0, 1, 0)
    assert await identity.authenticator.authenticate([(b"authorization", f"Bearer {made.token}".encode())]) is not None


def everything_in(database_url: str) -> str:
    """Every row of every table of identity, the platform and the jobs, as text."""
    with psycopg.connect(database_url) as connection:
        tables = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('identity', 'platform', 'public')"
        ).fetchall()
        parts = []
        for schema, table in tables:
            statement = sql.SQL("SELECT coalesce(string_agg(t::text, ' '), '') FROM {} t").format(sql.Identifier(schema, table))
            [(text,)] = connection.execute(statement).fetchall()
            parts.append(text)
    return " ".join(parts)
