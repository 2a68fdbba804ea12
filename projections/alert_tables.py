"""The table of alerts."""

from projections.row import Row


class Alert(Row):
    """Something that people are told, about one subject; the last time that it was raised."""

    TABLE = "alerts"
    KEY = ("alert", "subject")
    INDEXES = ("(raised_at)",)

    alert: str
    subject: str
    record: int = 0  # in which it was raised last
    raised_at: str = ""
    cleared_at: str | None = None
    words: str = ""
    raised: int = 0  # how often ever
    told: int = 0  # how often since it was raised, or tried to be
    work: str | None = None  # that told it last
    delivery: str = ""  # waiting, delivered, failed; "": nobody was told since
    delivered_by: str | None = None  # the action
    delivered_at: str | None = None
