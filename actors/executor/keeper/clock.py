"""What time it is, for a process that no actor's clock tells."""

from datetime import UTC, datetime


def now() -> datetime:
    """In UTC."""
    return datetime.now(UTC)
