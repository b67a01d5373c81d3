"""What the money of each card counts, in one short phrase: several cards price the same sessions, each its own way."""

from dashboard.format import share

STEPS = "what is lost at each step"
LEAKS = "all orders that a combination lacks"
MOVERS = "orders missing, or besides, against a segment's own past"


def gaps(part: float) -> str:
    """Return what the money of gaps counts, of which a part can be won back."""
    return f"{share(part)} of the orders that a single value lacks"


def counts(what: str) -> str:
    """Return the sentence that keeps a reader from adding up the money of several cards."""
    return f"Money counts {what}; other cards count otherwise, so their sums differ."
