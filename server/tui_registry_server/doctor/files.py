"""Checks of the machine: room on its disks, and who may read and write the files."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from tui_registry_server.doctor.subject import Server, now
from tui_registry_server.rules.audit import format_time
from tui_registry_server.rules.backup_schedule import time_of
from tui_registry_server.rules.secret_box import is_exposed
from tui_registry_server.wire.diagnosis import Finding, Status

MIB = 1024 * 1024
DISK_FAIL, DISK_WARN = 100 * MIB, 1024 * MIB  # free bytes
COPIES = 2  # of the database for which there should be room: an upgrade makes one, a backup another
OVERDUE = 2  # times the schedule's interval after which a backup is overdue


def has_room(server: Server) -> Iterator[Finding]:
    if (file := server.file) is not None and file.is_file():
        size = sum(part.stat().st_size for part in (file, Path(f"{file}-wal")) if part.exists())
        yield _room(file.parent, size)


def has_permissions(server: Server) -> Iterator[Finding]:
    options = server.options
    secrets = [options.webhook_key_file, None if options.certificate is None else options.certificate.key]
    for file in (server.file, *secrets):
        if file is not None and file.is_file() and is_exposed(file.stat()):
            yield Finding(Status.WARN, f"Others may read or write {file}.", f"chmod 600 {file}")
    if (file := server.file) is None or not file.is_file():
        return
    unwritable = [str(each) for each in (file, file.parent) if not os.access(each, os.W_OK)]
    if unwritable:
        yield Finding(
            Status.FAIL,
            f"User {os.geteuid()} may not write to {' and '.join(unwritable)}: SQLite needs both.",
            "Run this as the server's user; or give the file and its folder to that user.",
        )
    elif (owner := file.stat().st_uid) != os.geteuid():
        yield Finding(
            Status.WARN,
            f"{file} belongs to user {owner}, and this is user {os.geteuid()}.",
            "Run commands on the database as the server's user: files that another one creates may lock it out.",
        )
    else:
        yield Finding(Status.OK, f"{file} and its folder can be written to.")


def has_backups(server: Server) -> Iterator[Finding]:
    """The scheduled ones."""
    if (schedule := server.options.backups) is None:
        return
    folder = schedule.folder
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        yield Finding(Status.FAIL, f"{folder} is not a folder that this user can write to.", "Create it, or mount it.")
        return
    files = [file for file in folder.iterdir() if time_of(file.name) is not None]
    if not files:
        yield Finding(Status.WARN, f"There is no backup in {folder} yet.", "Start the server, and look at its log.")
        return
    newest = max(files, key=lambda file: time_of(file.name) or 0)
    time = time_of(newest.name) or 0
    if now() - time > OVERDUE * schedule.every * 1000:
        yield Finding(
            Status.WARN,
            f"The newest backup in {folder} is of {format_time(time)}, older than scheduled.",
            "Look at the server's log for why it was not backed up.",
        )
    else:
        yield Finding(Status.OK, f"{len(files)} in {folder}, the newest of {format_time(time)}.")
    yield _room(folder, newest.stat().st_size)


def _room(folder: Path, size: int) -> Finding:
    """``size``: of the database, in bytes."""
    free = shutil.disk_usage(folder).free
    text = f"{free / MIB:,.0f} MiB are free at {folder}; the database has {size / MIB:,.0f} MiB."
    if free < DISK_FAIL:
        return Finding(Status.FAIL, text, "Free some space: changes are refused when the disk is full.")
    if free < max(DISK_WARN, COPIES * size):
        return Finding(Status.WARN, text, "Free some space for a backup and for the copy that an upgrade makes.")
    return Finding(Status.OK, text)
