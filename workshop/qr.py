"""Draw an address as a QR code, for slides and papers."""

from __future__ import annotations

import segno


def qr_code(address: str) -> str:
    """Return a QR code of the address as a data URI (PNG, with the quiet zone that readers need).

    Error correction M: it can be read with a corner of the projector's picture washed out.
    """
    return segno.make(address, error="m", micro=False).png_data_uri(scale=8, border=4)
