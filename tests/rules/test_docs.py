"""The documents: what they name is there, and what is there they name."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import click
import pytest
from msgspec.json import encode

from events.catalogue import AnyFact
from events.fact import Fact, Observation
from horarium.cli import COMMANDS, horarium
from horarium.configuration.schema import schema

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
FACTS: tuple[type[Fact], ...] = get_args(AnyFact)
README_LINES_MAX = 60
LIMIT_OF_COUNTS = 1_000_000  # It is only there so that there is one.

# Which table of the schema is told under which heading of the reference.
TABLES = {
    "[day]": "Day",
    "[[phases]]": "Phase",
    "[budget]": "Budget",
    "[lanes.NAME]": "Lane",
    "[actions.NAME]": "Action",
    "[templates.NAME]": "Template",
    "An entry of a template's actions": "Step",
    "[[templates.NAME.windows]]": "Window",
    "[intents.NAME]": "Intent",
    "An intent's on": "On",
    "[[intents.NAME.windows]]": "Hours",
    "An entry of an intent's exclude": "Dates",
    "[policies]": "Policies",
    "[clock]": "Clock",
    "[plan]": "Plan",
    "[executor]": "Executor",
    "[executors.KIND]": "Provider",
    "[executors.KIND.quotas.NAME]": "Quota",
    "[prices.MODEL]": "Price",
    "[alerts]": "Alerts",
    "[cleanup]": "Cleanup",
    "[cleanup.foreign.NAME]": "Foreign",
    "[store]": "Storage",
    "[log]": "Lines",
}
CLOSED = ("reason", "because", "outcome", "trouble", "result_fault", "state")

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.M | re.S)


def anchors(page: Path) -> set[str]:
    """The headings of a page, as links name them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.M)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


def code(page: Path) -> Iterator[str]:
    """The lines of a page's blocks of code, and its pieces of code within lines."""
    text = page.read_text("utf-8")
    for block in re.findall(r"^```.*?\n(.*?)^```$", text, re.M | re.S):
        yield from block.splitlines()
    yield from re.findall(r"`([^`\n]+)`", prose(page))


def asked(page: Path) -> Iterator[tuple[str, str]]:
    """Each command of ours that a page names, and what stands behind it on its line."""
    for line in code(page):
        calls = re.split(r"(?:^|[\s/`])horarium(?= )", line)[1:]
        for call in calls:
            said = re.match(r"(?: +--(?:config|data) +\S+)* +([a-z]+)\b(.*)", call)
            if said:
                yield said[1], said[2].partition(" | ")[0]


def options(command: click.Command, rest: str) -> set[str]:
    """The options that a command takes, those of the part of it that is named among them."""
    taken = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
    if isinstance(command, click.Group) and (word := rest.split()[:1]):
        part = command.commands.get(word[0]) or command.commands.get(getattr(command, "shown", ""))
        return taken | (options(part, "") if part else set())
    return taken | {"--help", "-h"}


def rows(page: Path, heading: str) -> list[list[str]]:
    """The cells of the table that follows a heading, without those of its head."""
    _, found, after = page.read_text("utf-8").partition(f"\n{heading}\n")
    assert found, f"{page.name} has no heading {heading!r}"
    within = re.split(r"^#", after, maxsplit=1, flags=re.M)[0]
    lines = [line for line in within.splitlines() if line.startswith("| ")]
    return [re.split(r" (?<!\\)\| ", line[2:-2]) for line in lines[2:]]


def described(name: str) -> list[list[str]]:
    """The rows of the reference for one table of the schema."""
    table = schema()["$defs"][name]  # type: ignore[index]  # Its form is that of JSON.
    return [
        [f"`{key}`", default(key in table.get("required", ()), setting), says(setting)]
        for key, setting in table["properties"].items()
    ]


def default(required: bool, setting: dict[str, Any]) -> str:
    if required:
        return "must be given"
    if "default" in setting:
        value = encode(setting["default"]).decode().replace('","', '", "')
        return f"`{value}`"
    return "`{}`" if setting.get("type") == "object" else "none"


def says(setting: dict[str, Any]) -> str:
    words: str = setting["description"]
    if "enum" in setting:
        words += f" One of {', '.join(f'`{encode(each).decode()}`' for each in setting['enum'])}."
    low, high = setting.get("minimum", 0), setting.get("maximum", LIMIT_OF_COUNTS)
    if low or high < LIMIT_OF_COUNTS:
        words += f" From {low:,.9g} to {high:,.9g}."
    return words


def choices(kind: Any) -> list[str]:
    """The values of a closed list, or none when it is another type."""
    if get_origin(kind) in (Union, UnionType):
        return [value for each in get_args(kind) for value in choices(each)]
    return list(get_args(kind)) if get_origin(kind) is Literal else []


@every_page
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{target} is not there"
        if anchor:
            assert anchor in anchors(file), f"{target}: no such heading"


@every_page
def test_every_command_and_option_that_is_named_exists(page: Path) -> None:
    context = click.Context(horarium)
    for name, rest in asked(page):
        assert name in COMMANDS, f"horarium {name}"
        command = horarium.get_command(context, name)
        assert command is not None
        known = options(command, rest)
        for option in re.findall(r"(?<!\S)(--?[a-z][a-z-]*)", rest):
            assert option in known, f"horarium {name}{rest}"


@every_page
def test_no_page_tells_where_it_was_written(page: Path) -> None:
    found = re.findall(r"(?<![\w.~])/(?:work|root|tmp|opt)/\S*|shared/\S*", page.read_text("utf-8"))
    assert not found


@pytest.mark.parametrize(("heading", "name"), TABLES.items(), ids=TABLES.values())
def test_the_reference_tells_every_setting_with_its_default(heading: str, name: str) -> None:
    shown = heading if heading.startswith("An") else f"`{heading}`"
    assert rows(DOCS / "configuration.md", f"### {shown}") == described(name)


def test_the_reference_tells_every_table() -> None:
    definitions: Any = schema()["$defs"]
    assert set(TABLES.values()) == set(definitions)


@pytest.mark.parametrize("observed", [True, False], ids=["observations", "decisions"])
def test_the_catalogue_tells_every_fact_and_nothing_else(observed: bool) -> None:
    heading = "### Observations" if observed else "### Decisions"
    kinds = {
        f"`{fact.__struct_config__.tag}`"
        for fact in FACTS
        if issubclass(fact, Observation) == observed
    }
    told = [kind for kind, _, _ in rows(DOCS / "log.md", heading)]
    assert sorted(told) == sorted(kinds)


def test_every_closed_list_of_reasons_is_told_whole() -> None:
    lists = {
        (f"`{fact.__struct_config__.tag}`", f"`{name}`"): {f"`{value}`" for value in values}
        for fact in FACTS
        for name, kind in get_type_hints(fact).items()
        if name in CLOSED and (values := choices(kind))
    }
    told = {
        (kind, name): set(re.findall(r"`[a-z_]+`", values))
        for kind, name, values in rows(DOCS / "log.md", "## Closed lists")
    }
    assert told == lists


def test_the_readme_fits_on_one_screen() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= README_LINES_MAX


def test_the_changelog_tells_of_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert re.search(rf"^## {re.escape(version)}\b", (ROOT / "CHANGELOG.md").read_text(), re.M)
