"""Choose one form of each output, one that a page without a kernel can show."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from html import escape

from nbformat import NotebookNode

LARGEST_TEXT = 2 * 10**6  # characters of a cell's text; the README says so
WIDGET = "application/vnd.jupyter.widget-view+json"
WIDGETS = "application/vnd.jupyter.widget-state+json"
PLOTLY = "application/vnd.plotly.v1+json"
VEGA = re.compile(r"application/vnd\.vega(lite)?\.v\d+(\.\d+)*\+json")
SPARE = ("image/png", "image/jpeg", "text/plain")  # stand by for when a script draws nothing
PICTURES = ("image/gif", "image/webp", "image/avif", "image/bmp")
# As Jupyter chooses among the forms of an output.
FORMS = (
    "text/html",
    "text/markdown",
    "image/svg+xml",
    "text/latex",
    "image/png",
    "image/jpeg",
    "text/plain",
)


def settle(notebook: NotebookNode, leave_out: Callable[..., None]) -> None:
    """Leave one form of each output, in place: of many MIME types one that the template writes.

    What is drawn by a script becomes HTML (`workshop.deck.draw` draws it). `leave_out` is told,
    with the cell, what has no form that a page can show.
    """
    models = notebook.metadata.pop("widgets", {}).get(WIDGETS, {})
    models = models.get("state", models)
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        unfolded = [one for output in cell.outputs for one in _unfolded(output, models)]
        cell.outputs, room = _merged(unfolded), LARGEST_TEXT
        for output in cell.outputs:
            if output.output_type in {"display_data", "execute_result"}:
                spare = {key: output.data[key] for key in SPARE if output.data.get(key)}
                output.metadata = NotebookNode({**output.get("metadata", {}), "spare": spare})
                output.data = _form(output.data, partial(leave_out, cell=cell))
            elif output.output_type == "error" and not output.traceback:
                output.traceback = [f"{output.ename}: {output.evalue}"]
            room = _cut(output, room)


def _merged(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Return the outputs with what was printed in pieces as one; written over as in a terminal."""
    merged: list[NotebookNode] = []
    for output in outputs:
        last = merged[-1] if merged else NotebookNode()
        if output.output_type == "stream" and last.get("name") == output.name:
            last.text += output.text
        else:
            merged.append(output)
    for output in merged:
        if output.output_type == "stream":
            output.text = overwritten(output.text)
    return merged


def overwritten(text: str) -> str:
    """Return what a terminal shows: a carriage return and a backspace go back, to write over."""
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(_overwritten(line) if re.search(r"[\r\b]", line) else line for line in lines)


def _overwritten(line: str) -> str:
    shown: list[str] = []
    place = 0
    for piece in re.findall(r"\r|\x08|(?:\x1b\[[\d;?]*[A-Za-z])+[^\r\x08\x1b]?|[^\r\x08]", line):
        if piece in "\r\b":
            place = 0 if piece == "\r" else max(0, place - 1)
            continue
        if re.search(r"\x1b\[[02]?K", piece):  # clears the line, mostly from here on
            del shown[place:]
        shown[place : place + 1] = [piece]
        place += 1
    return "".join(shown)


def _unfolded(output: NotebookNode, models: dict):
    """Yield the output and what its widgets hold of outputs: their own views need a kernel."""
    yield output
    waiting = [output.get("data", {}).get(WIDGET, {}).get("model_id")]
    while waiting:
        state = models.get(waiting.pop(0), {}).get("state", {})
        yield from (NotebookNode(one) for one in state.get("outputs") or ())
        waiting += [str(child).removeprefix("IPY_MODEL_") for child in state.get("children") or ()]


def _form(data: dict, leave_out: Callable[..., None]) -> NotebookNode:
    """Return the one form to show, as {MIME type: content}."""
    text = data.get("text/plain", "")
    if PLOTLY in data and "text/html" not in data:
        figure = json.dumps(data[PLOTLY]).replace("</", "<\\/")
        draw = f"const f = {figure}; Plotly.newPlot(element[0], f.data, f.layout, f.config)"
        return NotebookNode({"text/html": script_output(draw)})
    vega = next(filter(VEGA.fullmatch, data), None)
    if vega and "text/html" not in data and not any(k.startswith("image/") for k in data):
        chart = json.dumps(data[vega]).replace("</", "<\\/")
        return NotebookNode({"text/html": script_output(f"vegaEmbed(element[0], {chart})")})
    if WIDGET in data and text:
        return NotebookNode({"text/plain": text})
    if "application/javascript" in data:
        code = data["application/javascript"]
        return NotebookNode({"text/html": script_output(code)})
    if form := next((form for form in FORMS[:-1] if data.get(form)), None):
        return NotebookNode({form: data[form]})
    if picture := next((kind for kind in PICTURES if data.get(kind)), None):
        source = f"data:{picture};base64,{''.join(data[picture].split())}"
        return NotebookNode({"text/html": f'<img src="{source}" alt="{escape(text)}">'})
    if "application/json" in data:
        return NotebookNode({"text/plain": json.dumps(data["application/json"], indent=2)})
    if text:
        return NotebookNode({"text/plain": text})
    if data:
        kinds = ", ".join(sorted(data))
        leave_out(f"an output of the type {kinds}, which a page cannot show")
        return NotebookNode({"text/plain": f"[An output of the type {kinds}: not shown here.]"})
    return NotebookNode()


def script_output(code: str) -> str:
    """Return HTML that runs a script as Jupyter does, with its place on the page as `element`."""
    code = code.replace("</script", "<\\/script")
    run = f"(function (element) {{\n{code}\n}})(jQuery('.script-output').last());"
    return f'<div class="script-output"><script>{run}</script></div>'


def _cut(output: NotebookNode, room: int) -> int:
    """Cut an output's text to the room that is left in its cell, with a mark; return the rest."""
    if output.output_type == "stream":
        holder, key = output, "text"
    elif "text/plain" in output.get("data", {}):
        holder, key = output.data, "text/plain"
    else:
        return room
    length = len(holder[key])
    if length > room:
        holder[key] = f"{holder[key][:room]}\n[… {length - room:,} more characters are cut here]"
    return max(0, room - length)
