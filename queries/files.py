"""Write a file as a whole or not at all, and know whether the code that made it is that of today."""

import hashlib
import os
import tempfile
from functools import cache
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Put a text in place of a file; a reader sees the old one or the new. Raises OSError, and the old one stays."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


@cache
def code_of_today() -> str:
    """Return a fingerprint of the code that searches: another one searches again."""
    folder = Path(__file__).parent
    held = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")) + sorted(folder.rglob("*.sql")):
        held.update(path.read_bytes())
    return held.hexdigest()[:16]
