"""`alltickets doctor`."""

import json
import sys

import click

__all__ = ["doctor"]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option("--new-key", is_flag=True, help="Print a fresh entry for ALLTICKETS_KEY_RING, and check nothing.")
def doctor(as_json: bool, new_key: bool) -> None:
    """Check settings, keys, disk, database, clock, mail and accounts, and say how to mend what is wrong. Exit code 1 if anything is."""
    from alltickets.diagnosis import diagnose, new_key_entry
    from alltickets.platform.settings import Settings, SettingsError

    if new_key:
        click.echo(new_key_entry())
        return
    faults: list[str] = []
    try:
        settings = Settings.from_environment()
    except SettingsError as fault:
        faults = fault.faults
        settings = Settings()
    findings = diagnose(settings, faults)
    if as_json:
        click.echo(json.dumps([{"about": one.about, "ok": one.is_ok, "detail": one.detail} for one in findings]))
    else:
        for one in findings:
            click.echo(f"{'ok   ' if one.is_ok else 'FAULT'}  {one.about:9} {one.detail}")
    sys.exit(0 if all(one.is_ok for one in findings) else 1)
