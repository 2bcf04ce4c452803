"""Draw small pictures of slides, from the pages of a deck's PDF."""

from __future__ import annotations

from pathlib import Path

import pypdfium2

from workshop.files import whole_folder

SIZE = (480, 270)  # pixels: sharp at half of it on a phone


def draw(pdf: Path, names: list[str], target: Path) -> None:
    """Write each page of a deck's PDF as `<name>.webp` into the folder `target`."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        with whole_folder(target) as folder:
            for page, name in zip(document, names, strict=True):
                picture = page.render(scale=SIZE[0] / page.get_width()).to_pil()
                picture.resize(SIZE).save(folder / f"{name}.webp", quality=82, method=4)
    finally:
        document.close()
