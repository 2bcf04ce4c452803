"""Mend the small damage that notebooks have when they come from elsewhere."""

from __future__ import annotations

import json
import re

KEYS = {"cell_type", "id", "metadata", "source", "attachments", "outputs", "execution_count"}
OLD_OUTPUTS = {"pyout": "execute_result", "pyerr": "error"}
NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def mend(notebook: dict) -> list[str]:
    """Mend a notebook of format 4, as JSON, in place; return what was wrong, each kind once.

    That cells of formats before 4.5 have no ids is no damage: they get ids without a word.
    """
    said: list[str] = []
    old = notebook.get("nbformat_minor", 0) < 5 if _is(notebook, "nbformat_minor", int) else True
    notebook.update(nbformat=4, nbformat_minor=5)
    _default(notebook, "metadata", dict, {}, said, "metadata of the notebook")
    metadata = notebook["metadata"]
    for key in ("kernelspec", "language_info"):
        if key in metadata and not (_is(metadata, key, dict) and _is(metadata[key], "name", str)):
            del metadata[key]
    cells = notebook.get("cells")
    notebook["cells"] = [cell for cell in cells or [] if isinstance(cell, dict)]
    if len(notebook["cells"]) < len(cells or []):
        said.append("cells that are none")
    taken: set[str] = set()
    for number, cell in enumerate(notebook["cells"], start=1):
        _mend_cell(cell, said)
        name = cell.get("id")
        if not (isinstance(name, str) and NAME.fullmatch(name)) or name in taken:
            if not old or "id" in cell:
                said.append("cell ids that are double" if name in taken else "missing cell ids")
            name = f"cell-{number}"
            while name in taken:
                name += "-2"
            cell["id"] = name
        taken.add(name)
    return list(dict.fromkeys(said))


def without_lone_surrogates(text: str) -> str:
    """Return JSON in which half an emoji is no longer what no file can hold."""
    if not re.search(r"\\u[dD][89a-fA-F]", text):
        return text
    plain = json.dumps(json.loads(text), ensure_ascii=False)
    return re.sub("[\ud800-\udfff]", "\ufffd", plain)


def _is(holder: dict, key: str, kind: type) -> bool:
    return isinstance(holder.get(key), kind)


def _default(holder: dict, key: str, kind: type, value, said: list[str], what: str) -> None:
    """Give a key its default where it is missing or is not of its kind."""
    if not isinstance(holder.get(key), kind):
        holder[key] = value
        said.append(f"missing {what}")


def _text(value) -> str:
    if isinstance(value, list):
        return "".join(map(str, value))
    return "" if value is None else str(value)


def _mend_cell(cell: dict, said: list[str]) -> None:
    if cell.get("cell_type") == "heading":  # of format 3
        level = cell["level"] if _is(cell, "level", int) else 1
        cell.update(cell_type="markdown", source=f"{'#' * level} {_text(cell.get('source'))}")
    if cell.get("cell_type") not in {"code", "markdown", "raw"}:
        is_code = "outputs" in cell or "execution_count" in cell
        cell["cell_type"] = "code" if is_code else "markdown"
        said.append("missing types of cells")
    if not isinstance(cell.get("source"), str | list):
        said.append("missing text of cells")
    cell["source"] = _text(cell.get("source"))
    _default(cell, "metadata", dict, {}, said, "metadata of cells")
    metadata = cell["metadata"]
    tags = metadata.get("tags", [])
    tags = re.split(r"[,\s]+", tags) if isinstance(tags, str) else tags
    tags = [tag for tag in tags if isinstance(tag, str) and tag] if isinstance(tags, list) else []
    if tags != metadata.get("tags", []):
        metadata["tags"] = tags
        said.append("tags that are no list")
    for key in ("slideshow", "jupyter"):
        if key in metadata and not _is(metadata, key, dict):
            del metadata[key]
    for key in cell.keys() - KEYS:
        del cell[key]
    if not _is(cell, "attachments", dict) or cell["cell_type"] == "code":
        cell.pop("attachments", None)
    if cell["cell_type"] != "code":
        cell.pop("outputs", None)
        cell.pop("execution_count", None)
        return
    if not _is(cell, "execution_count", int):
        cell["execution_count"] = None
    _default(cell, "outputs", list, [], said, "outputs of cells")
    cell["outputs"] = [o for o in cell["outputs"] if isinstance(o, dict)]
    for output in cell["outputs"]:
        _mend_output(output, said)


def _mend_output(output: dict, said: list[str]) -> None:
    kind = str(output.get("output_type"))
    kind = OLD_OUTPUTS.get(kind, kind)
    if kind not in {"stream", "display_data", "execute_result", "error"}:
        kind = "error" if "ename" in output else "stream" if "text" in output else "display_data"
        said.append("missing types of outputs")
    output["output_type"] = kind
    if kind == "stream":
        _default(output, "name", str, "stdout", said, "names of streams")
        output["text"] = _text(output.get("text"))
    elif kind == "error":
        for key in ("ename", "evalue"):
            output[key] = _text(output.get(key))
        trace = output.get("traceback")
        output["traceback"] = list(map(str, trace)) if isinstance(trace, list) else []
    else:
        _default(output, "data", dict, {}, said, "data of outputs")
        output["data"] = {k: v for k, v in output["data"].items() if v is not None}
        if not _is(output, "metadata", dict):
            output["metadata"] = {}
        if kind == "execute_result" and not _is(output, "execution_count", int):
            output["execution_count"] = None
