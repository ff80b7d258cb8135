"""`alltickets doctor`."""

import socket
import threading
from pathlib import Path

import psycopg

from alltickets.kernel.ids import new_id
from alltickets.platform.secrets import KeyRing
from tests.cli.conftest import Run, answer_of


def faults_of(output: str) -> list[str]:
    return [line for line in output.splitlines() if line.startswith("FAULT")]


def test_sound_installation_has_no_faults(run: Run) -> None:
    findings = answer_of(run("doctor", "--json"))

    assert all(finding["ok"] for finding in findings), findings
    assert {finding["about"] for finding in findings} == {"settings", "keys", "disk", "database", "clock", "mail"}


def test_every_fault_is_told_at_once(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    result = run(
        "doctor",
        hold_seconds_max="1",
        key_ring="1:short",
        data_dir=str(tmp_path / "file"),
        database_url="postgresql://nobody@127.0.0.1:1/nothing",
        smtp_url="smtp://127.0.0.1:1",
    )

    assert result.exit_code == 1
    assert "ALLTICKETS_HOLD_SECONDS_MAX" in faults_of(result.stdout)[0]


def test_each_fault_says_what_to_do(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    result = run(
        "doctor",
        key_ring="1:short",
        data_dir=str(tmp_path / "file"),
        database_url="postgresql://nobody@127.0.0.1:1/nothing",
        smtp_url="smtp://127.0.0.1:1",
    )

    keys, disk, database, mail = faults_of(result.stdout)
    assert "doctor --new-key" in keys
    assert "ALLTICKETS_DATA_DIR" in disk
    assert "correct ALLTICKETS_DATABASE_URL" in database
    assert "correct ALLTICKETS_SMTP_URL" in mail


def test_mail_server_that_takes_mail_is_fine(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=_greet_as_a_mail_server, args=(listener,))
        server.start()

        result = run("doctor", smtp_url=f"smtp://127.0.0.1:{listener.getsockname()[1]}")

        server.join()
    assert "127.0.0.1 takes mail" in result.stdout


def test_new_key_can_be_used(run: Run) -> None:
    entry = run("doctor", "--new-key").stdout.strip()

    assert KeyRing(entry).active_version == 1


def test_in_production_a_test_account_that_sells_is_a_fault(run: Run, database_url: str) -> None:
    account_id = new_id()
    production = {
        "environment": "production",
        "public_url": "https://tickets.example",
        "key_ring": f"1:{KeyRing.generate_key()}",
        "smtp_url": "smtp://127.0.0.1:1",
    }
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            """
            INSERT INTO payments.accounts (organizer_id, id, gateway, label, currency, settings, credentials_sealed, credentials_hint,
                                           is_enabled, priority, version, created_at, updated_at, environment)
            VALUES (%(id)s, %(id)s, 'sandbox', 'Sandbox', 'ARS', '{}', '', '', true, 0, 1, now(), now(), 'test')
            """,
            {"id": account_id},
        )
        try:
            kept_away = run("doctor", **production)
            sell = run("doctor", **production, test_accounts="sell")
        finally:
            connection.execute("DELETE FROM payments.accounts WHERE organizer_id = %(id)s", {"id": account_id})

    assert "offered to no buyer" in kept_away.stdout
    assert [line for line in faults_of(sell.stdout) if "ALLTICKETS_TEST_ACCOUNTS=wait" in line]


def _greet_as_a_mail_server(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection, connection.makefile("rw", newline="\r\n") as lines:
        lines.write("220 mail\n")
        lines.flush()
        for line in lines:
            lines.write("221 bye\n" if line.upper().startswith("QUIT") else "250 mail\n")
            lines.flush()
