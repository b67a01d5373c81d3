"""One writer at a time, the salt that hides ids, and what a dead writer leaves behind."""

import os
import secrets
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path

from filelock import FileLock, Timeout

from ingest.report import IngestError

SALT_VARIABLE = "SILENT_LEAK_SALT"


@contextmanager
def only_writer(store: Path, wait: float = 0, waiting: Callable[[str], None] | None = None) -> Generator[None]:
    """Hold the store's writer lock, with this process's id beside it; wait at most `wait` seconds for another writer.

    `waiting` is told the other's process id when there is need to wait. Raises IngestError, naming that process id,
    when the other writer still holds the lock.
    """
    is_new = not store.exists()
    _make_folder(store)
    owner = store / "writer.pid"
    lock = FileLock(store / "writer.lock", mode=0o600)
    try:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            if not wait:
                raise
            if waiting:
                waiting(_owner(owner))
            lock.acquire(timeout=wait, poll_interval=0.05)
    except Timeout:
        waited = f" after {wait:g} seconds still" if wait else ""
        raise IngestError(
            f"{store} is{waited} being written by process {_owner(owner)}: wait until it has finished, then ingest "
            "again, or let this command wait with --wait SECONDS."
        ) from None
    except OSError as error:
        raise IngestError(
            f"the store folder {store} cannot be written by this user ({error.strerror}): change its permissions."
        ) from None
    try:
        owner.write_text(str(os.getpid()), encoding="ascii")
        yield
    finally:
        owner.unlink(missing_ok=True)
        if is_new:
            _remove_if_unused(store)
        lock.release()


def _owner(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii").strip() or "unknown"
    except OSError:
        return "unknown"


def _remove_if_unused(store: Path) -> None:
    """Remove the folder of a store that a refused export made, when no session was ever hashed with its salt."""
    files = {path.name for path in store.iterdir()}
    if files <= {"writer.lock", "salt", "salt.check"}:
        for name in files:
            (store / name).unlink(missing_ok=True)
        with suppress(OSError):
            store.rmdir()


def salt_of(store: Path) -> str:
    """Return the key that the store's ids are hashed with, 32 hex digits made from its salt (call it under the lock).

    SILENT_LEAK_SALT, where it is set, takes the place of the store's own salt. Raises IngestError when the salt is not
    the one that the sessions of the store were hashed with: the same visit would get a second identity.
    """
    salt_file, check_file = store / "salt", store / "salt.check"
    salt = os.environ.get(SALT_VARIABLE) or (salt_file.read_text(encoding="ascii") if salt_file.exists() else None)
    known = check_file.read_text(encoding="ascii") if check_file.exists() else None
    if salt is None and known is not None:
        raise IngestError(
            f"{salt_file} is missing: restore it from a backup (or set {SALT_VARIABLE} as it was), because sessions "
            "hashed with another salt would be counted twice."
        )
    if salt is None:
        salt = secrets.token_hex(32)
        _write_secret(salt_file, salt)
    check = blake2b(salt.encode(), digest_size=8, person=b"silent-leak").hexdigest()
    if known is None:
        _write_secret(check_file, check)
    elif known != check:
        raise IngestError(
            f"{store} was made with another salt: set {SALT_VARIABLE} as it was then (or unset it), because sessions "
            "hashed with another salt would be counted twice."
        )
    return blake2b(salt.encode(), digest_size=16, person=b"visitor").hexdigest()


def _make_folder(store: Path) -> None:
    try:
        store.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise IngestError(
            f"the store folder {store} cannot be made: {error.strerror}. Choose another with --store."
        ) from None
    if not os.access(store, os.W_OK):
        raise IngestError(f"the store folder {store} cannot be written by this user: change its permissions.")


def _write_secret(path: Path, text: str) -> None:
    unfinished = path.with_suffix(path.suffix + ".new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
