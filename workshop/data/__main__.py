"""Get the real data where there is no make, as in a bundle: `python -m workshop.data [file]`."""

from __future__ import annotations

import argparse
import sys

from workshop.data.fetch import get_data
from workshop.errors import WorkshopError


def main() -> int:
    """Fetch the data, or take them from a file; an error is one sentence and gives exit code 1."""
    parser = argparse.ArgumentParser(prog="python -m workshop.data", description=__doc__)
    parser.add_argument("file", nargs="?", help="a copy of yours, .zip or .csv")
    parser.add_argument("--brief", action="store_true", help="try once; offline is no failure")
    arguments = parser.parse_args()
    try:
        get_data(arguments.file, arguments.brief)
    except WorkshopError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
