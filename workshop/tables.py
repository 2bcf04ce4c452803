"""Read a TOML file into dataclasses; a wrong file, key or type is one sentence for a person."""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from workshop.errors import WorkshopError

Kind = TypeVar("Kind")
SPOKEN = {
    str: "text in quotes",
    int: "a whole number",
    bool: "true or false",
    dt.date: "a date such as 2021-10-28",
    dt.time: "a time such as 13:30:00",
}


def read_tables(path: Path, kind: type[Kind]) -> Kind:
    """Return a TOML file as `kind`: a dataclass, or dict[str, dataclass] for a table of tables.

    Their fields may be str, int, bool, date, time, Literal, tuple[…, ...], dict[str, …] and
    dataclasses; a field with the metadata `computed` is no key of the file. Raises WorkshopError,
    naming file and key, where it is no TOML, or a key is unknown, missing or of the wrong type.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise WorkshopError(f"{path.name} is missing: restore it from the repository.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WorkshopError(f"{path.name} is not valid TOML: {error}.") from None
    except OSError as error:
        raise WorkshopError(f"{path.name} cannot be read: {error.strerror}.") from None
    return _checked(kind, tables, "", path.name)


def _checked(kind: Any, value: Any, key: str, file: str) -> Any:
    """Return a value of the file as `kind`."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        if value not in inner:
            known = ", ".join(inner)
            raise WorkshopError(f"{file}: {key} is {value!r}, but must be one of {known}.")
        return value
    wanted: Any = {tuple: list, dict: dict}.get(origin, dict if is_dataclass(kind) else kind)
    if type(value) is not wanted:
        tables = is_dataclass(inner[0]) if inner else False
        many = f"a list of {'tables [[…]]' if tables else 'names'}"
        said = (SPOKEN | {list: many, dict: "a table […]"})[wanted]
        raise WorkshopError(f"{file}: {key} must be {said}, not {value!r}.")
    if origin is tuple:
        items = enumerate(value, start=1)
        return tuple(_checked(inner[0], item, f"{key}[{number}]", file) for number, item in items)
    if origin is dict:
        names = [f"{key}.{name}".removeprefix(".") for name in value]
        pairs = zip(names, value.items(), strict=True)
        return {name: _checked(inner[1], item, full, file) for full, (name, item) in pairs}
    return _table(kind, value, key, file) if is_dataclass(kind) else value


def _table(kind: Any, table: dict, key: str, file: str) -> Any:
    """Return a table of the file as a dataclass."""
    dot = f"{key}." if key else ""
    types = get_type_hints(kind)
    known = {f.name: f for f in fields(kind) if not f.metadata.get("computed")}
    for name in table:
        if name not in known:
            allowed = ", ".join(known)
            raise WorkshopError(f"{file}: unknown key {dot}{name}: it must be one of {allowed}.")
    for name, f in known.items():
        if name not in table and f.default is MISSING and f.default_factory is MISSING:
            raise WorkshopError(f"{file}: {dot}{name} is missing: add it.")
    return kind(**{n: _checked(types[n], v, f"{dot}{n}", file) for n, v in table.items()})
