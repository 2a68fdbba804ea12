"""The tables of `config.toml` and what they hold, derived from the types of the settings.

A shape reads what TOML gives, notes every fault and goes on, so that one look finds them all.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import cache
from typing import Final, NamedTuple, Protocol

import msgspec
from msgspec import inspect as types
from msgspec import structs

from horarium.configuration import measures, words
from horarium.configuration.fault import Faults, shown
from horarium.configuration.filled import in_a_file
from horarium.configuration.lines import Keys
from horarium.configuration.scalar import Context, Scalar
from horarium.configuration.units import UnfitError

ENTRIES_MAX = 20_000  # of one table or list
NAME_CHARACTERS = 40
UNFIT: Final = object()  # what a shape reads from a value that it cannot use


class Instead(NamedTuple):
    """What a shape reads when another field than its own keeps it."""

    field: str
    value: object


class Place(NamedTuple):
    """Where a value stands, and where its faults are noted."""

    keys: Keys
    faults: Faults
    context: Context

    def at(self, key: str | int) -> "Place":
        return self._replace(keys=(*self.keys, key))

    def unfit(self, message: str, suggestion: str = "") -> object:
        self.faults.add(self.keys, message, suggestion)
        return UNFIT


class Shape(Protocol):
    """What may stand at a place."""

    @property
    def blank(self) -> object: ...

    def read(self, value: object, place: Place) -> object:
        """The resolved value; UNFIT when there is none, with the fault noted."""


class One(NamedTuple):
    """A single value."""

    scalar: Scalar

    @property
    def blank(self) -> object:
        return self.scalar.blank

    def read(self, value: object, place: Place) -> object:
        try:
            return self.scalar.take(value, place.context)
        except UnfitError as unfit:
            return place.unfit(str(unfit), unfit.suggestion)


class Many(NamedTuple):
    """A list of one shape."""

    entry: Shape

    @property
    def blank(self) -> object:
        return ()

    def read(self, value: object, place: Place) -> object:
        if not isinstance(value, list):
            return place.unfit(f"{shown(value)} is not a list")
        if len(value) > ENTRIES_MAX:
            return place.unfit(f"{len(value)} entries are too many: at most {ENTRIES_MAX}")
        read = [self.entry.read(each, place.at(nth)) for nth, each in enumerate(value)]
        return tuple(self.entry.blank if each is UNFIT else each for each in read)


class Named(NamedTuple):
    """A table whose keys are names that the user gives."""

    name: Scalar
    entry: Shape

    @property
    def blank(self) -> object:
        return {}

    def read(self, value: object, place: Place) -> object:
        if not isinstance(value, dict):
            return place.unfit(f"{shown(value)} is not a table")
        if len(value) > ENTRIES_MAX:
            return place.unfit(f"{len(value)} entries are too many: at most {ENTRIES_MAX}")
        return dict(self._entries(value, place))

    def _entries(self, value: Mapping[str, object], place: Place) -> Iterator[tuple[str, object]]:
        for key, each in value.items():
            One(self.name).read(key, place.at(key))
            read = self.entry.read(each, place.at(key))
            yield key, self.entry.blank if read is UNFIT else read


class Setting(NamedTuple):
    """A key of a table, and the field that keeps its value."""

    key: str
    field: types.Field
    shape: Shape


class Table(NamedTuple):
    """A table with settings of ours."""

    struct: type[msgspec.Struct]
    settings: tuple[Setting, ...]

    @property
    def blank(self) -> object:
        required = (setting for setting in self.settings if setting.field.required)
        return self.struct(**{setting.field.name: setting.shape.blank for setting in required})

    def read(self, value: object, place: Place) -> object:
        if not isinstance(value, dict):
            return place.unfit(f"{shown(value)} is not a table", self._meant(value))
        known = [setting.key for setting in self.settings]
        for key in [key for key in value if key not in known][:ENTRIES_MAX]:
            meant = _CALLED.get(key, "")
            meant = meant if meant in known else place.faults.meant(key, known)
            place.at(key).unfit(f"there is no setting {shown(key)} here", meant)
        zone = words.known_zone(value.get("timezone"))
        if zone is not None:  # It is that of all local times in the table.
            place = place._replace(context=place.context._replace(zone=zone))
        return self.struct(**in_a_file(self.struct) | dict(self.values(value, place)))

    def _meant(self, value: object) -> str:
        """A bare text may stand for the first of settings that are all left open."""
        is_open = all(setting.field.default is None for setting in self.settings)
        plain = isinstance(value, str) and value.isprintable() and len(value) <= NAME_CHARACTERS
        return f"{{ {self.settings[0].key} = {shown(value)} }}" if is_open and plain else ""

    def values(self, value: Mapping[str, object], place: Place) -> Iterator[tuple[str, object]]:
        for key, field, shape in self.settings:
            read = shape.read(value[key], place.at(key)) if key in value else UNFIT
            if isinstance(read, Instead):
                yield read
            elif read is not UNFIT:
                yield field.name, read
            elif field.required:
                if key not in value:
                    place.at(key).unfit("it is missing")
                yield field.name, shape.blank


class Short(NamedTuple):
    """A table that may be written as the bare value of its first key, or as "first..second"."""

    table: Table
    is_span: bool = False

    @property
    def blank(self) -> object:
        return self.table.blank

    def read(self, value: object, place: Place) -> object:
        first, second = (setting.key for setting in self.table.settings)
        if self.is_span and isinstance(value, str) and ".." in value:
            begin, _, end = value.partition("..")
            value = {first: begin.strip(), second: end.strip()}
        elif isinstance(value, str | date):
            value = {first: value}
        return self.table.read(value, place)


class AtOnce(NamedTuple):
    """A moment, or the word "now", which another field keeps."""

    moment: One

    @property
    def blank(self) -> object:
        return None

    def read(self, value: object, place: Place) -> object:
        return Instead("now", True) if value == "now" else self.moment.read(value, place)


@cache
def table(struct: type[msgspec.Struct]) -> Table:
    """The table that is read into a struct."""
    found = types.type_info(struct)
    assert isinstance(found, types.StructType)
    return _table(found)


def _table(found: types.StructType) -> Table:
    filled = in_a_file(found.cls)
    shown = (
        structs.replace(field, default=filled.get(field.name, field.default))
        for field in found.fields
        if field.name not in _KEPT_INSTEAD
    )
    return Table(found.cls, tuple(_setting(field) for field in shown))


_KEPT_INSTEAD = ("now",)  # fields without a key of their own
_CALLED = {"action": "run", "template": "run"}  # what an intent's work is taken to be called
_SUFFIXES = (
    ("usd_micros", "usd", measures.money),
    ("_seconds", "", measures.duration),
    ("_millis", "", measures.weight),
    ("_bytes", "", measures.size),
)
_BY_NAME: Final[Mapping[str, Callable[[], Scalar]]] = {
    "directory": words.directory,
    "end": lambda: measures.clock(is_end=True),
    "input_json": words.json_table,
    "worktree": lambda: words.flag_or("work", "run"),
}


def _setting(field: types.Field) -> Setting:
    kind = _without_none(field.type)
    name = field.name
    if special := _BY_NAME.get(name):
        return Setting(name.removesuffix("_json"), field, One(special()))
    if name == "timezone":
        return Setting(name, field, One(words.zone(may_be_empty=not field.default)))
    if name == "at":
        return Setting(name, field, AtOnce(One(measures.moment())))
    if name == "exclude" and isinstance(kind, types.VarTupleType):
        return Setting(name, field, Many(_short(kind.item_type, is_span=True)))
    if name == "categories" and isinstance(kind, types.DictType):
        return Setting(name, field, Named(_name(kind.key_type), _share(kind.value_type)))
    if name == "secrets" and isinstance(kind, types.DictType):
        return Setting(name, field, Named(_name(kind.key_type), One(words.secret())))
    if name == "steps" and isinstance(kind, types.VarTupleType):
        return Setting("actions", field, Many(_short(kind.item_type)))
    if name == "every_from":
        return Setting("from", field, _shape(kind))
    for suffix, ending, measure in _SUFFIXES:
        if name.endswith(suffix) and isinstance(kind, types.IntType):
            return Setting(name.removesuffix(suffix) + ending, field, One(measure(kind)))
    return Setting(name, field, _shape(kind))


def _without_none(kind: types.Type) -> types.Type:
    if not isinstance(kind, types.UnionType):
        return kind
    several = [each for each in kind.types if not isinstance(each, types.NoneType)]
    words_ = [each.values for each in several if isinstance(each, types.LiteralType)]
    return types.LiteralType(sum(words_, ())) if len(words_) > 1 else several[0]


def _shape(kind: types.Type) -> Shape:
    match kind:
        case types.StructType():
            return _table(kind)
        case types.DictType(key, value):
            return Named(_name(key), _shape(value))
        case types.VarTupleType(item):
            return Many(_shape(item))
        case types.LiteralType(values):
            return One(words.choice(tuple(str(value) for value in values)))
        case types.StrType():
            return One(words.text(kind.pattern))
        case types.BoolType():
            return One(words.flag())
        case types.IntType():
            return One(measures.whole(kind))
        case types.TimeType():
            return One(measures.clock())
        case types.DateTimeType():
            return One(measures.moment())
        case types.DateType():
            return One(measures.day())
    raise TypeError(f"no setting can be of the type {kind}")


def _name(kind: types.Type) -> Scalar:
    kind = _without_none(kind)
    if isinstance(kind, types.LiteralType):
        return words.choice(tuple(str(value) for value in kind.values))
    return words.text(kind.pattern if isinstance(kind, types.StrType) else None)


def _share(kind: types.Type) -> Shape:
    assert isinstance(kind, types.IntType)
    return One(measures.share(kind))


def _short(kind: types.Type, is_span: bool = False) -> Shape:
    assert isinstance(kind, types.StructType)
    return Short(_table(kind), is_span)
