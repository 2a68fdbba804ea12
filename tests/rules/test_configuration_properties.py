"""Whatever a file holds, it is read or refused with a reason and a place."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as some

from events.configuration import Configuration
from horarium.configuration.fault import Faults
from horarium.configuration.filled import in_a_file
from horarium.configuration.lines import Keys, lines
from horarium.configuration.loading import read
from horarium.configuration.shapes import (
    AtOnce,
    Many,
    Named,
    One,
    Place,
    Shape,
    Short,
    Table,
    table,
)
from tests.rules.configuration_story import CONTEXT, understood


@dataclass
class Page:
    """TOML in the making, with the line on which each key was put."""

    rows: list[str] = field(default_factory=list)
    places: dict[Keys, int] = field(default_factory=dict)

    def put(self, keys: Keys, row: str) -> None:
        self.rows.append(row)
        self.places[keys] = len(self.rows)


NAMES = some.text("ab.-_é \"'#=[]", min_size=1, max_size=4)
VALUES = some.sampled_from(
    ["1", '"# no comment ] }"', "'''x\n[no.table]\n'''", '"""a\\"\n""""', "2026-12-24 18:00:00"]
)


def quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


@some.composite
def pages(draw: some.DrawFn) -> Page:
    page = Page()
    for name in draw(some.lists(NAMES, unique=True, max_size=3)):
        page.rows += draw(some.lists(some.sampled_from(["", "# [x]", "\t"]), max_size=2))
        many = draw(some.booleans())
        page.put((name,), f"[[ {quoted(name)} ]]" if many else f"[{quoted(name)}] # =")
        table: Keys = (name, 0) if many else (name,)
        for key in draw(some.lists(NAMES, unique=True, max_size=3)):
            page.put((*table, key), f"{quoted(key)} = [ # {{")
            for nth in range(draw(some.integers(0, 3))):
                page.put((*table, key, nth), f"  {draw(VALUES)}, # ]")
                page.rows = "\n".join(page.rows).split("\n")
            page.rows.append("]")
    return page


@settings(deadline=None)
@for_any(pages())
def test_every_key_is_found_on_its_line(page: Page) -> None:
    text = "\n".join(page.rows)
    assert tomllib.loads(text) is not None, "it is TOML"
    found = lines(text)
    assert {keys: found.get(keys) for keys in page.places} == page.places


def test_keys_are_found_within_tables_of_every_kind() -> None:
    text = 'a.b = { c = 1, "d e" = [\n 2,\n { f = 3 } ] }\n[[g]]\n[g.h]\n[[g]]\ni = 4\n[g.h.j]\n'
    found = lines(text)
    assert found["a", "b", "d e", 1, "f"] == 3
    assert found["g", 0, "h"] == 5
    assert (found["g", 1], found["g", 1, "i"], found["g", 1, "h", "j"]) == (6, 7, 8)


JUNK = some.recursive(
    some.one_of(
        some.none().map(lambda _: Decimal("NaN")),
        some.booleans(),
        some.integers(-(1 << 63), (1 << 63) - 1),
        some.decimals(allow_nan=False),
        some.text(max_size=8),
        some.sampled_from(["look", "10m", "22:00", "success", "noop", "mon", "30%", "UTC"]),
        some.sampled_from(["now", "..", "2026-12-24..2026-12-23", "@daily", "0 6 L * *", "skip"]),
        some.datetimes(),
        some.dates(),
        some.times(),
    ),
    lambda inner: some.one_of(
        some.lists(inner, max_size=3), some.dictionaries(some.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)


def raws(shape: Shape) -> some.SearchStrategy[Any]:
    """Something like what a shape reads, with junk in places."""
    match shape:
        case Table(_, settings):
            known = {each.key: some.one_of(JUNK, raws(each.shape)) for each in settings}
            return some.fixed_dictionaries({}, optional=known)
        case Short(inner):
            return raws(inner)
        case Named(_, entry):
            return some.dictionaries(some.sampled_from(["look", "b.c"]), raws(entry), max_size=2)
        case Many(entry):
            return some.lists(raws(entry), max_size=2)
    return JUNK


@settings(max_examples=60, deadline=None)
@for_any(raws(table(Configuration)))
def test_whatever_stands_in_a_file_is_faulty_or_sound_and_never_breaks(raw: Any) -> None:
    for fault in understood(raw):
        assert fault.message
        assert fault.path


@settings(max_examples=100, deadline=None)
@for_any(some.one_of(some.binary(max_size=60), some.text(max_size=60).map(str.encode)))
def test_whatever_bytes_a_file_holds_it_is_read(tmp_path_factory: Any, held: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.toml"
    path.write_bytes(held)
    reading = read(path, {})
    empty = Configuration(**in_a_file(Configuration))  # type: ignore[arg-type]  # Of its own.
    assert reading.faults.found or reading.configuration == empty


def leaves(shape: Shape) -> Iterator[One | AtOnce]:
    match shape:
        case Table(_, settings):
            for each in settings:
                yield from leaves(each.shape)
        case Short(inner) | Many(inner) | Named(_, inner):
            yield from leaves(inner)
        case One() | AtOnce():
            yield shape


@settings(deadline=None)
@for_any(some.sampled_from(list(leaves(table(Configuration)))), JUNK)
def test_a_value_is_read_or_refused_with_a_reason(leaf: One | AtOnce, junk: object) -> None:
    found = Faults("config.toml")
    leaf.read(junk, Place(("x",), found, CONTEXT))
    assert all(fault.message and "\n" not in fault.message for fault in found.found)
