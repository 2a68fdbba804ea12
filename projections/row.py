"""What every table of the projections is: a class, with a field for each column."""

from typing import ClassVar

from msgspec import Struct


class Row(Struct, gc=False):
    """A line of a table. `INDEXES` are given as SQL behind `ON table`."""

    TABLE: ClassVar[str]
    KEY: ClassVar[tuple[str, ...]]
    INDEXES: ClassVar[tuple[str, ...]] = ()
