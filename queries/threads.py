"""Work on several tables at once: numpy lets go of the interpreter while it reckons."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Made = TypeVar("Made")
PROCESSORS = min(4, os.cpu_count() or 1)


def at_once(make: Callable[..., Made], *each: Iterable[Any]) -> list[Made]:
    """Return what a function makes of each of these, in their order; raises what it raises first."""
    with ThreadPoolExecutor(PROCESSORS) as pool:
        return list(pool.map(make, *each))
