"""Kernels that are warm when they are asked for, and the stage's few addresses in Jupyter's server.

Part of the Jupyter server: its configuration names the manager and the extension.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from pathlib import Path
from typing import Any, cast

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from jupyter_server.utils import ApiPath
from tornado import web

from workshop.stage import minutes

HOME = Path(os.environ["WORKSHOP_STATE"]).parent  # what the stage keeps beside the copied decks
WAIT = 60  # seconds for a kernel to start, or to import, on a busy machine
PAUSE = 5  # seconds until the next spare kernel starts: the presenter's own work comes first


class WarmKernelManager(AsyncMappingKernelManager):
    """Keeps one spare kernel that has imported what the show needs, and hands it out."""

    spare: asyncio.Task | None = None
    waits_for = "the kernel to start"

    def prepare(self, pause: float = 0) -> None:
        """Start a spare kernel after a pause in seconds, or when one is asked for."""
        self.wanted = asyncio.Event()
        self.spare = asyncio.ensure_future(self._warm(pause))

    async def _warm(self, pause: float) -> str:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.wanted.wait(), pause)
        kernel_id = await super()._async_start_kernel(path=ApiPath(""))
        # A client with a manager asks whether the process lives; one without trusts a heartbeat of
        # one second, which a busy machine misses.
        client: Any = self.get_kernel(kernel_id).client()
        client.start_channels()
        try:
            await client.wait_for_ready(timeout=WAIT)
            self.waits_for = "the decks to be read"  # the server starts while they are
            while not (HOME / "imports.py").exists():
                await asyncio.sleep(0.1)
            self.waits_for = "the kernel to import what the cells import"
            reply = await client.execute(
                "__import__('workshop.stage.state').stage.state.warm()",
                silent=True, reply=True, timeout=WAIT,
            )  # fmt: skip
        finally:
            client.stop_channels()
        if reply["content"]["status"] != "ok":
            raise RuntimeError(f"it cannot import the workshop: {reply['content'].get('evalue')}")
        self.waits_for = ""
        return kernel_id

    async def _async_start_kernel(self, *, kernel_id=None, path=None, **settings) -> str:
        """Return the id of the spare kernel, moved to the folder of `path`."""
        if self.spare is None or kernel_id in self:
            return await super()._async_start_kernel(kernel_id=kernel_id, path=path, **settings)
        self.wanted.set()
        spare = self.spare
        self.prepare(PAUSE)
        try:
            warm_id = await spare
        except Exception:  # as Jupyter would; its error is the one to see
            self.log.exception("No spare kernel")
            return await super()._async_start_kernel(kernel_id=kernel_id, path=path, **settings)
        client = self.get_kernel(warm_id).client()
        client.start_channels(shell=True, iopub=False, stdin=False, hb=False, control=False)
        client.execute(f"__import__('os').chdir({self.cwd_for_path(path or '')!r})", silent=True)
        asyncio.get_running_loop().call_later(WAIT, client.stop_channels)  # sent by then
        return warm_id

    start_kernel = _async_start_kernel  # type: ignore[assignment]  # as Jupyter's own class has it


class StageHandler(JupyterHandler):
    """Answers for one file of the stage, or about its kernel."""

    @property
    def show(self) -> dict:
        """Return the show's sessions and slides, as `show.py` wrote them."""
        return json.loads((HOME / "show.json").read_text(encoding="utf-8"))


class Show(StageHandler):
    """Gives what the stage's page and the speaker view know of the show."""

    @web.authenticated
    def get(self):
        """Send the sessions with their slides, and the keys."""
        self.finish(self.show)


class Session(StageHandler):
    """Leads to a session by its number."""

    @web.authenticated
    def get(self, number: str):
        """Redirect to the session's deck."""
        sessions = self.show["sessions"]
        if not 1 <= int(number) <= len(sessions):
            raise web.HTTPError(404, f"The sessions are 1 to {len(sessions)}.")
        self.redirect(sessions[int(number) - 1]["address"])


class Recorded(StageHandler):
    """Gives the outputs that the last build recorded."""

    @web.authenticated
    def get(self, deck: str):
        """Send the deck's outputs by cell id; none where it was not built."""
        path = (HOME / "recorded" / deck).with_suffix(".json").resolve()
        known = path.is_relative_to(HOME / "recorded") and path.is_file()
        self.finish(path.read_text(encoding="utf-8") if known else "{}")


class Minutes(StageHandler):
    """Keeps when each slide came up."""

    @web.authenticated
    def post(self):
        """Append one line of JSON to `minutes.jsonl` in the working copy."""
        minutes.log(HOME.parent, self.get_json_body() or {})
        self.set_status(204)


class Ready(StageHandler):
    """Tells whether a kernel is warm."""

    @web.authenticated
    async def get(self):
        """Send what is waited for ('' when there is a warm kernel), or why there is none."""
        manager = cast(WarmKernelManager, self.kernel_manager)
        failed = ""
        if manager.spare and manager.spare.done() and manager.spare.exception():
            failed = str(manager.spare.exception())
        self.finish({"waits for": manager.waits_for, "failed": failed})


def _jupyter_server_extension_points():
    return [{"module": "workshop.stage.kernels"}]


def _load_jupyter_server_extension(server):
    """Add the stage's addresses and start the first spare kernel."""
    handlers = {r"/show": Show, r"/(\d+)": Session, r"/recorded/(.+)": Recorded}
    handlers |= {r"/minutes": Minutes, r"/ready": Ready}
    server.web_app.add_handlers(".*$", [("/stage" + at, h) for at, h in handlers.items()])
    server.io_loop.add_callback(server.kernel_manager.prepare)
