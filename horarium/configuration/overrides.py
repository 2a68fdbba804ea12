"""HORARIUM_* variables: each sets one setting, above what the file says.

The name is the path of the setting in capitals, joined by two underscores, every other sign an
underscore: HORARIUM_BUDGET__DAILY_USD=8, HORARIUM_ACTIONS__DAILY_REPORT__TIMEOUT=5m. The value
is read as TOML, and where it is none, as a text. Only what is there already can be set.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import islice
from typing import Any

from horarium.configuration.fault import Faults
from horarium.configuration.lines import Keys
from horarium.configuration.scalar import Context
from horarium.configuration.shapes import AtOnce, Many, Named, One, Shape, Table
from horarium.configuration.units import UnfitError

PREFIX = "HORARIUM_"
# Names with another meaning: where the daemon finds its files, and what it tells its jobs.
RESERVED = frozenset(
    PREFIX + name
    for name in (
        *("CONFIG", "DATA", "RUN", "WORK", "ACTION", "STEP", "ATTEMPT", "DAY", "PHASE"),
        *("INPUT", "OUTPUT", "RESULT", "WORK_FOLDER", "TOKEN"),
    )
)
_NAMES_MAX = 5_000  # How many names are looked through for what was meant.

Target = tuple[Keys, Shape]


def override(
    raw: dict[str, Any], table: Table, environ: Mapping[str, str], faults: Faults, context: Context
) -> tuple[str, ...]:
    """Set in `raw` what the variables say; the names of those that changed something."""
    changed = []
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in RESERVED:
            continue
        if not _is_unicode(environ[name]):
            _tell(name, "its value is not UTF-8", "", faults)
            continue
        targets = list(islice(_targets(name.removeprefix(PREFIX), table, raw), 2))
        if len(targets) != 1:
            _refuse(name, targets, table, raw, faults)
            continue
        [(keys, shape)] = targets
        faults.variables[keys] = name
        if _put(raw, keys, _value(environ[name], shape, context)):
            changed.append(name)
    return tuple(changed)


def _refuse(
    name: str, targets: list[Target], table: Table, raw: dict[str, Any], faults: Faults
) -> None:
    if targets:
        _tell(name, "it could mean more than one setting", "", faults)
    else:
        known = (PREFIX + each for each in islice(_names(table, raw), _NAMES_MAX))
        _tell(name, "it sets nothing that is there", faults.meant(name, known), faults)


def _tell(name: str, message: str, meant: str, faults: Faults) -> None:
    faults.variables[()] = name
    faults.add((), message, meant)
    del faults.variables[()]


def _is_unicode(text: str) -> bool:
    """Bytes that are no text come as halves of characters, which no log can hold."""
    return not any("\ud800" <= sign <= "\udfff" for sign in text)


def variable(key: str) -> str:
    """A key as it stands in the name of a variable."""
    return re.sub(r"[^A-Z0-9]", "_", key.upper())


def _inner(shape: Shape, raw: object) -> Iterator[tuple[str, Shape, object]]:
    held = raw if isinstance(raw, dict) else {}
    match shape:
        case Table(_, settings):
            yield from ((each.key, each.shape, held.get(each.key)) for each in settings)
        case Named(_, entry):
            yield from ((key, entry, value) for key, value in held.items())


def _targets(rest: str, shape: Shape, raw: object) -> Iterator[Target]:
    """The settings whose names spell the rest of a variable's name."""
    for key, inner, value in _inner(shape, raw):
        name = variable(key)
        if rest == name and isinstance(inner, One | Many | AtOnce):
            yield (key,), inner
        elif rest.startswith(name + "__"):
            for keys, found in _targets(rest.removeprefix(name + "__"), inner, value):
                yield (key, *keys), found


def _names(shape: Shape, raw: object) -> Iterator[str]:
    for key, inner, value in _inner(shape, raw):
        if isinstance(inner, One | Many | AtOnce):
            yield variable(key)
        for name in _names(inner, value):
            yield f"{variable(key)}__{name}"


def _value(text: str, shape: Shape, context: Context) -> object:
    """The text as TOML; as it is, when only that can be taken."""
    value = _toml(text)
    if isinstance(shape, One) and not isinstance(value, str) and _takes(shape, text, context):
        return value if _takes(shape, value, context) else text
    return value


def _toml(text: str) -> object:
    try:
        read = tomllib.loads(f"value = {text}", parse_float=Decimal)
    except (ValueError, RecursionError):
        return text
    return read["value"] if len(read) == 1 else text


def _takes(shape: One, value: object, context: Context) -> bool:
    try:
        shape.scalar.take(value, context)
    except UnfitError:
        return False
    return True


def _put(raw: dict[str, Any], keys: Keys, value: object) -> bool:
    """Whether it is another value than before. A table that is none is left to be reported."""
    *path, last = keys
    for key in path:
        inner = raw.setdefault(str(key), {})
        if not isinstance(inner, dict):
            return False
        raw = inner
    changed = raw.get(str(last)) != value or type(raw.get(str(last))) is not type(value)
    raw[str(last)] = value
    return changed
