"""Pack what a participant takes home into one zip: the folder to work in, and the site."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from workshop.agenda import Agenda, Edition
from workshop.files import whole
from workshop.paths import BUILD
from workshop.take_home.folder import START, first_page, write_folder
from workshop.take_home.site import site_folder


def write_bundle(agenda: Agenda, edition: Edition, build: Path = BUILD) -> Path:
    """Write `fairlearn-workshop-<edition>.zip`, with the edition's site where it is built.

    The same content gives the same file. Raises WorkshopError; the last good one stays.
    """
    folder, site = write_folder(agenda, edition, build), site_folder(edition, build)
    files = {f"site/{path.relative_to(site)}": path for path in site.rglob("*")}
    files |= {str(path.relative_to(folder)): path for path in folder.rglob("*")}
    name = f"fairlearn-workshop-{edition.key}"
    target = (build / edition.folder).with_name(f"{name}.zip")
    with whole(target) as temporary, ZipFile(temporary, "w") as archive:
        for place, path in sorted(files.items()):
            if path.is_dir():
                continue
            content = path.read_bytes()
            if place == START:
                content = first_page(agenda, edition, files).encode()
            info = ZipInfo(f"{name}/{Path(place).as_posix()}")  # of 1980: no time of its own
            info.external_attr = 0o644 << 16
            archive.writestr(info, content, ZIP_DEFLATED)
    return target
