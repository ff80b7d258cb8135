"""The pure decisions of identity, as tables."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alltickets.identity import rules
from alltickets.identity.refusals import LastOwner, RoleBeyondYours, ScopesBeyondYours, SlugUnusable, UnknownRegionalSetting, WeakPassword
from alltickets.identity.rules import ROLE_PERMISSIONS, Permission, Role

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

# One line a permission; columns: owner, manager, finance, box office, gate, viewer.
ROLE_MATRIX = """
events:read      x x x x x x
events:write     x x . . . .
prices:read      x x x x . x
prices:write     x x . . . .
stock:read       x x x x . x
orders:read      x x x x . .
orders:write     x x . x . .
orders:refund    x x x . . .
payments:read    x x x . . .
payments:write   x . x . . .
tickets:read     x x x x x .
tickets:write    x x . x . .
access:read      x x x x x x
access:write     x x . . x .
devices:read     x x . . . .
devices:write    x x . . . .
members:read     x x . . . .
members:write    x x . . . .
api_keys:read    x x . . . .
api_keys:write   x . . . . .
audit:read       x x . . . .
"""
MATRIX = {line.split()[0]: line.split()[1:] for line in ROLE_MATRIX.strip().splitlines()}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("permission", list(Permission))
def test_each_role_may_do_exactly_what_the_matrix_says(role: Role, permission: Permission) -> None:
    column = list(Role).index(role)

    expected = MATRIX[permission.value][column] == "x"

    assert (permission in ROLE_PERMISSIONS[role]) is expected


@pytest.mark.parametrize(
    ("granting", "granted", "is_allowed"),
    [
        (Role.OWNER, Role.OWNER, True),
        (Role.OWNER, Role.FINANCE, True),
        (Role.MANAGER, Role.MANAGER, True),
        (Role.MANAGER, Role.GATE, True),
        (Role.MANAGER, Role.BOX_OFFICE, True),
        (Role.MANAGER, Role.OWNER, False),
        (Role.MANAGER, Role.FINANCE, False),
        (Role.FINANCE, Role.OWNER, False),
        (Role.VIEWER, Role.GATE, False),
    ],
)
def test_nobody_grants_a_role_that_may_do_more_than_theirs(granting: Role, granted: Role, is_allowed: bool) -> None:
    own = ROLE_PERMISSIONS[granting]

    if is_allowed:
        rules.check_grant(own, granted)
    else:
        with pytest.raises(RoleBeyondYours):
            rules.check_grant(own, granted)


def test_the_last_owner_cannot_leave_but_one_of_two_can() -> None:
    with pytest.raises(LastOwner):
        rules.check_owner_remains(["ana"], "ana")

    rules.check_owner_remains(["ana", "beto"], "ana")
    rules.check_owner_remains(["ana"], "beto")


def test_a_key_gets_no_scope_beyond_its_makers_permissions() -> None:
    manager = ROLE_PERMISSIONS[Role.MANAGER]

    with pytest.raises(ScopesBeyondYours) as refused:
        rules.check_scopes(manager, [Permission.EVENTS_READ, Permission.PAYMENTS_WRITE])

    assert refused.value.scopes == ("payments:write",)


@pytest.mark.parametrize("scope", [Permission.MEMBERS_WRITE, Permission.API_KEYS_WRITE])
def test_not_even_an_owners_key_can_manage_members_or_keys(scope: Permission) -> None:
    with pytest.raises(ScopesBeyondYours):
        rules.check_scopes(ROLE_PERMISSIONS[Role.OWNER], [scope])

    assert rules.permissions_of_key([scope.value]) == frozenset()


def test_a_stored_scope_that_no_longer_exists_grants_nothing() -> None:
    assert rules.permissions_of_key(["events:read", "events:levitate"]) == {Permission.EVENTS_READ}


@pytest.mark.parametrize(
    ("seen_ago", "ends_in", "is_live"),
    [
        (timedelta(0), timedelta(days=1), True),
        (timedelta(hours=11, minutes=59), timedelta(days=1), True),
        (timedelta(hours=12), timedelta(days=1), False),
        (timedelta(0), timedelta(seconds=1), True),
        (timedelta(0), timedelta(0), False),
    ],
)
def test_a_session_ends_when_idle_and_at_its_absolute_end(seen_ago: timedelta, ends_in: timedelta, is_live: bool) -> None:
    assert rules.is_session_live(seen_at=NOON - seen_ago, expires_at=NOON + ends_in, now=NOON) is is_live


@pytest.mark.parametrize(
    ("fetch_site", "origin", "host", "is_cross_site"),
    [
        ("same-origin", None, "tickets.example", False),
        ("none", None, "tickets.example", False),
        ("same-site", None, "tickets.example", True),
        ("cross-site", None, "tickets.example", True),
        ("cross-site", "https://tickets.example", "tickets.example", True),
        ("same-origin", "https://evil.example", "tickets.example", False),
        (None, "https://tickets.example", "tickets.example", False),
        (None, "https://TICKETS.example", "tickets.example", False),
        (None, "http://127.0.0.1:8000", "127.0.0.1:8000", False),
        (None, "http://127.0.0.1:9000", "127.0.0.1:8000", True),
        (None, "https://evil.example", "tickets.example", True),
        (None, "https://tickets.example.evil.example", "tickets.example", True),
        (None, "null", "tickets.example", True),
        (None, "http://[", "tickets.example", True),
        (None, "https://tickets.example", None, True),
        (None, None, "tickets.example", False),
    ],
)
def test_cross_site_requests_are_told_by_what_only_browsers_write(
    fetch_site: str | None, origin: str | None, host: str | None, is_cross_site: bool
) -> None:
    assert rules.is_cross_site(fetch_site=fetch_site, origin=origin, host=host) is is_cross_site


@given(st.text(max_size=40))
def test_any_origin_at_all_is_judged_and_never_breaks(origin: str) -> None:
    assert rules.is_cross_site(fetch_site=None, origin=origin, host="tickets.example") in (True, False)


@pytest.mark.parametrize(
    "password",
    ["short", "aaaaaaaaaaaa", "abababababab", "ana.perez@example.com", "ana.perez1234", "123456789"],
)
def test_a_password_that_is_easy_to_guess_is_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        rules.check_password(password, "Ana.Perez@example.com")


@pytest.mark.parametrize("password", ["correct horse battery", "caballo-batería-grapa", "ana.perez likes long walks"])
def test_a_long_varied_password_is_taken(password: str) -> None:
    rules.check_password(password, "ana.perez@example.com")


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Club Aurora", "club-aurora"),
        ("  La Trastienda, Ñuñorco! ", "la-trastienda-nunorco"),
        ("Teatro São João 2", "teatro-sao-joao-2"),
        ("x" * 100, "x" * 63),
    ],
)
def test_a_slug_is_made_from_a_name(name: str, slug: str) -> None:
    assert rules.slug_from(name) == slug


@pytest.mark.parametrize("name", ["", "東京", "¡!", "Ñ"])
def test_a_name_that_yields_no_slug_is_told(name: str) -> None:
    with pytest.raises(SlugUnusable):
        rules.slug_from(name)


@pytest.mark.parametrize("slug", ["", "ab", "-ab", "ab-", "Club", "a b", "club\n", "x" * 64, "ñandú"])
def test_a_slug_that_would_not_stand_in_a_url_is_refused(slug: str) -> None:
    with pytest.raises(SlugUnusable):
        rules.usable_slug(slug)


def test_two_spellings_of_a_mail_are_one_account() -> None:
    assert rules.mail_key(" Ana@Example.AR") == rules.mail_key("ana@example.ar")


@pytest.mark.parametrize(
    ("field", "settings"),
    [
        ("currency", {"currency": "ARG"}),
        ("timezone", {"timezone": "America/Ushuaya"}),
        ("timezone", {"timezone": "../../etc/passwd"}),
        ("locale", {"locale": "xx"}),
    ],
)
def test_an_unknown_regional_setting_is_named(field: str, settings: dict[str, str]) -> None:
    good = {"currency": "ARS", "timezone": "America/Argentina/Ushuaia", "locale": "es-AR"}

    rules.check_regional_settings(**good)
    with pytest.raises(UnknownRegionalSetting) as refused:
        rules.check_regional_settings(**(good | settings))

    assert refused.value.field == field


@given(st.timedeltas(min_value=timedelta(days=-3_000), max_value=timedelta(days=30_000)), st.integers(1, 86_400))
def test_waiting_as_told_always_leads_into_the_next_window(span: timedelta, window_seconds: int) -> None:
    now = NOON + span

    wait_seconds = rules.retry_after_seconds(now, window_seconds)

    start = rules.window_start(now, window_seconds)
    assert start <= now < start + timedelta(seconds=window_seconds)
    assert 1 <= wait_seconds <= window_seconds
    assert rules.window_start(now + timedelta(seconds=wait_seconds), window_seconds) > start
