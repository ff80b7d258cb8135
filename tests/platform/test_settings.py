"""Settings: every fault is told at once, with what mends it, and no secret is."""

from pathlib import Path

import pytest

from alltickets.platform.settings import Settings, SettingsError

PRODUCTION = {
    "ALLTICKETS_ENVIRONMENT": "production",
    "ALLTICKETS_PUBLIC_URL": "https://tickets.example/",
    "ALLTICKETS_KEY_RING": "1:a2V5",
    "ALLTICKETS_SMTP_URL": "smtp://mail.example",
}


def faults_of(environ: dict[str, str]) -> list[str]:
    """What is wrong with this environment."""
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment(environ)
    return refused.value.faults


def test_an_empty_environment_is_a_development_machine() -> None:
    settings = Settings.from_environment({"PATH": "/bin", "ALLTICKETS_DATABASE_URL": ""})

    assert settings == Settings()
    assert not settings.is_production
    assert settings.database_url is None


def test_every_variable_is_read_as_its_type() -> None:
    settings = Settings.from_environment(
        {
            **PRODUCTION,
            "ALLTICKETS_DATA_DIR": "data",
            "ALLTICKETS_DATABASE_URL": "postgresql://app:word@db:5432/alltickets",
            "ALLTICKETS_DATABASE_POOL_SIZE": "40",
            "ALLTICKETS_HOT_LANE": "off",
            "ALLTICKETS_TRUSTED_PROXIES": "10.0.0.0/8, fd00::/8",
        }
    )

    assert settings.is_production
    assert settings.public_url == "https://tickets.example"
    assert settings.data_dir == Path("data")
    assert settings.database_pool_size == 40
    assert settings.hot_lane is False
    assert settings.trusted_proxies == ("10.0.0.0/8", "fd00::/8")


def test_every_fault_is_told_at_once() -> None:
    faults = faults_of(
        {
            "ALLTICKETS_ENVIRONMENT": "staging",
            "ALLTICKETS_DATABASE_POOL_SIZE": "many",
            "ALLTICKETS_HOT_LANE": "yes",
            "ALLTICKETS_TRUSTED_PROXIES": "10.0.0.1/8",
            "ALLTICKETS_SMTP_URL": "ftp://mail",
            "ALLTICKETS_HOLD_SECONDS_MAX": "60",
        }
    )

    assert sorted(fault.split("=")[0].split(":")[0] for fault in faults) == [
        "ALLTICKETS_DATABASE_POOL_SIZE",
        "ALLTICKETS_ENVIRONMENT",
        "ALLTICKETS_HOLD_SECONDS_MAX",
        "ALLTICKETS_HOT_LANE",
        "ALLTICKETS_SMTP_URL",
        "ALLTICKETS_TRUSTED_PROXIES",
    ]


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("ENVIRONMENT", "staging", "must be one of development, production"),
        ("SURFACE", "shops", "must be one of all, shop, organizer, gate"),
        ("DATABASE_POOL_SIZE", "1", "must be a whole number from 2 to 500"),
        ("DATABASE_POOL_SIZE", "12.5", "must be a whole number from 2 to 500"),
        ("DATABASE_POOL_SIZE", "--12", "invalid"),
        ("DATABASE_POOL_SIZE", "²", "invalid"),
        ("HOT_LANE", "true", "must be on or off"),
        ("PUBLIC_URL", "tickets.example", "must start with http:// or https://"),
        ("DATABASE_URL", "mysql://db", "must start with postgresql:// or postgres://"),
        ("TRUSTED_PROXIES", "proxy", "does not appear to be an IPv4 or IPv6 network"),
        ("HOLD_SECONDS", "0", "must be a whole number from 1 to 86400"),
        ("LOG_LEVEL", "loud", "must be one of debug, info, warning, error"),
    ],
)
def test_a_fault_names_its_variable_and_what_mends_it(name: str, value: str, remedy: str) -> None:
    [fault] = faults_of({f"ALLTICKETS_{name}": value})

    assert fault.startswith(f"ALLTICKETS_{name}=")
    assert remedy in fault


def test_a_name_that_is_no_setting_is_a_fault() -> None:
    faults = faults_of({"ALLTICKETS_DATABSE_URL": "postgresql://db", "ALLTICKETS_COLOUR": "red", "OTHER": "is nobody's business"})

    assert faults == [
        "ALLTICKETS_DATABSE_URL: no such setting; see docs/operations.md",
        "ALLTICKETS_COLOUR: no such setting; see docs/operations.md",
    ]


def test_production_needs_keys_https_and_a_mail_server() -> None:
    faults = faults_of({"ALLTICKETS_ENVIRONMENT": "production", "ALLTICKETS_PUBLIC_URL": "http://tickets.example"})

    assert [fault.partition(":")[0] for fault in faults] == ["ALLTICKETS_KEY_RING", "ALLTICKETS_PUBLIC_URL", "ALLTICKETS_SMTP_URL"]


def test_test_accounts_sell_where_nothing_is_sold_in_earnest_unless_it_is_said_otherwise() -> None:
    said = [
        Settings.from_environment({**environment, **told}).test_accounts_sell
        for environment in ({}, PRODUCTION)
        for told in ({}, {"ALLTICKETS_TEST_ACCOUNTS": "sell"}, {"ALLTICKETS_TEST_ACCOUNTS": "wait"})
    ]

    assert said == [True, True, False, False, True, False]
    assert "must be one of sell, wait" in faults_of({"ALLTICKETS_TEST_ACCOUNTS": "on"})[0]


def test_a_hold_cannot_be_extended_to_less_than_its_first_span() -> None:
    faults = faults_of({"ALLTICKETS_HOLD_SECONDS": "900", "ALLTICKETS_HOLD_SECONDS_MAX": "600"})

    assert faults == ["ALLTICKETS_HOLD_SECONDS_MAX: must not be below ALLTICKETS_HOLD_SECONDS"]


@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_DIRECT_URL", "SMTP_URL"])
@pytest.mark.parametrize(
    "value",
    [
        pytest.param("mysql://app:hunter2@db/x", id="another scheme"),
        pytest.param("hunter2", id="no URL"),
        pytest.param("postgresql://app:hunter2℀@db/x", id="characters that are not what they seem"),
        pytest.param("postgresql://[hunter2]/x", id="brackets"),
        pytest.param("postgresql://[hunter2/x", id="half brackets"),
    ],
)
def test_a_fault_in_a_secret_does_not_show_it(name: str, value: str) -> None:
    if name == "SMTP_URL":
        value = value.replace("postgresql", "smtp")

    with pytest.raises(SettingsError) as refused:
        Settings.from_environment({f"ALLTICKETS_{name}": value})

    assert "hunter2" not in str(refused.value)
    assert f"ALLTICKETS_{name}=…" in str(refused.value)


def test_settings_in_a_log_do_not_show_their_secrets() -> None:
    settings = Settings.from_environment(
        {
            **PRODUCTION,
            "ALLTICKETS_KEY_RING": "1:hunter2",
            "ALLTICKETS_DATABASE_URL": "postgresql://app:hunter2@db/x",
            "ALLTICKETS_DATABASE_DIRECT_URL": "postgresql://app:hunter2@db/x",
            "ALLTICKETS_SMTP_URL": "smtp://app:hunter2@mail",
        }
    )

    shown = f"{settings!r} {settings}"

    assert "hunter2" not in shown
    assert "public_url='https://tickets.example'" in shown
    assert "key_ring=…" in shown


@pytest.mark.parametrize(
    "sender", ["entradas", "entradas@", "Entradas <entradas@tickets.example>", "a@b.example, c@d.example", "a@b\r\nBcc: c@d"]
)
def test_a_sender_is_an_address_and_nothing_else(sender: str) -> None:
    [fault] = faults_of({"ALLTICKETS_MAIL_SENDER": sender})

    assert fault.startswith("ALLTICKETS_MAIL_SENDER=")
