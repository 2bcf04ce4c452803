"""Tell in half a minute whether this computer is ready for the workshop, and the one next step.

    python3 check_setup.py            (Windows: py check_setup.py)
    python3 check_setup.py FL-9B1     explains the code that somebody reads out

Run it in the unzipped folder, with any Python. It installs nothing and changes nothing.
"""

# Every Python from 2.7 on must be able to read this file, or it could not say that it is too old:
# no f-strings, no annotations, plain ASCII. What runs after check_python may use Python 3.11.

from __future__ import print_function

import json
import os
import re
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
OLDEST, NEWEST = (3, 11), (3, 14)  # for which the releases in requirements.txt are resolved
GET = "Python 3.13 (64 bits)"  # where there is none of these
SPACE = 2 * 10**9  # bytes: what the packages take, and as much again while pip unpacks them
PATIENCE = 90  # seconds for a kernel: the first start on a slow disk takes long
COLAB = ""  # where the notebooks open in Google Colab: filled in where the kit has an address
FILES = ("requirements.txt", "workshop/teach/charts.py", "data/cohort.json", "notebooks")
WINDOWS = sys.platform == "win32"
OWN = os.path.join(HERE, ".venv", "Scripts\\python.exe" if WINDOWS else "bin/python")
OWN_SAID = ".venv\\Scripts\\python" if WINDOWS else ".venv/bin/python"

# The first sign of a code: what is wrong, and what a helper in the room looks at.
SIGNS = (
    ("0", "All is well", "Nothing to do."),
    ("1", "This Python is too old", "Is there a newer one? Else install one from python.org."),
    ("2", "This Python is too new for the packages", "Install an older one beside it."),
    ("3", "This Python has 32 bits", "Install the one with 64 bits from python.org."),
    ("4", "The folder is not complete", "Run inside the zip? Unzip all of it first."),
    ("5", "A data file is damaged", "Unzip again, over the folder."),
    ("6", "The folder cannot be written", "Move it into the home folder."),
    ("7", "The disk is too full", "Free some space, or use Colab or paper."),
    ("8", "The environment .venv is there, another Python was used", "Use the one in .venv."),
    ("9", "Packages are missing", "Install them; without a network use paper."),
    ("A", "Python's module venv is missing", "Debian and Ubuntu: apt install python3-venv."),
    ("B", "Packages have other releases than in the room", "Install them into .venv."),
    ("C", "A package cannot be loaded", "A file of theirs with its name? See the line WRONG."),
    ("D", "The kernel does not start", "A firewall, or a virus scanner? Else Colab or paper."),
    ("E", "Fairlearn does not compute what it should", "Look at it together; Colab meanwhile."),
    ("F", "The check itself failed", "Look at the line above the code."),
)
# The third sign: the system, four apart, and within them which kind of Python it was.
SYSTEMS = (("linux", "Linux"), ("darwin", "macOS"), ("win32", "Windows"), ("", "another system"))
KINDS = ("plain", "environment", "conda")

# Runs in a kernel, as a notebook's cells do. By hand: the share of the readmitted who are missed.
PROBE = """
import sys, time
sys.path.insert(0, {here!r})
import matplotlib, numpy, pandas, sklearn
from fairlearn.metrics import MetricFrame, false_negative_rate
from workshop.data import data_source, load_patients
patients, start = load_patients(), time.time()
truth, guess = patients["readmitted_30_days"] == 1, patients["had_inpatient_days"]
frame = MetricFrame(metrics=false_negative_rate, y_true=truth, y_pred=guess,
                    sensitive_features=patients["race"])
by_hand = 1 - guess[truth].groupby(patients["race"][truth], observed=True).mean()
if not (frame.by_group - by_hand).abs().max() < 1e-9:
    raise ArithmeticError("MetricFrame says {{}}".format(frame.by_group.to_dict()))
told = "%d groups, %d stays, %s data, %.1f s" % (
    len(frame.by_group), len(patients), data_source(), time.time() - start)
"""


class Fault(Exception):
    """Stop the check: the first sign of the code, what is wrong, and the next step."""

    def __init__(self, sign, wrong, step):
        Exception.__init__(self, wrong)
        self.sign, self.wrong, self.step = sign, wrong, step


def main(arguments):
    """Check, print a line for each thing that is right, the next step and the code."""
    if arguments:
        print(explained(arguments[0]))
        return 0
    os.chdir(HERE)
    sign, step = "0", "you are ready. Start: {} -m jupyter lab".format(running())
    try:
        for check in (check_python, check_folder, check_packages, check_cells):
            print("  right  {}".format(check()))
            sys.stdout.flush()
    except Fault as fault:
        sign, step = fault.sign, fault.step
        print("  WRONG  {}".format(fault.wrong))
    except Exception as error:
        sign, step = "F", elsewhere()
        print("  WRONG  the check itself failed: {}: {}".format(type(error).__name__, error))
    print("Next step: {}".format(step))
    print("Code: {}".format(code(sign)))
    return int(sign != "0")


# --- What is checked ---


def check_python():
    """Tell the version; too old, too new and 32 bits will not do."""
    version = "Python {}.{}.{}".format(*sys.version_info[:3])
    if sys.version_info[:2] < OLDEST:
        wrong = "{} is too old: {}.{} or later is needed".format(version, *OLDEST)
        raise Fault("1", wrong, another_python())
    if sys.version_info[:2] > NEWEST:
        wrong = "{} is too new: the packages are for {}.{} and earlier".format(version, *NEWEST)
        raise Fault("2", wrong, another_python())
    if sys.maxsize < 2**32:
        raise Fault("3", version + " has 32 bits: the packages need 64", another_python())
    return "{} ({})".format(version, KINDS[kind()])


def check_folder():
    """Tell the space; files must be there and whole, and the folder open to writing."""
    missing = [name for name in FILES if not os.path.exists(name)]
    if missing:
        step = "unzip the whole file into your home folder, and run check_setup.py there"
        raise Fault("4", "this folder is not complete: {} is missing".format(missing[0]), step)
    for name in ("data/cohort.json", "data/splits.json"):
        try:
            with open(name, "rb") as stream:
                json.loads(stream.read().decode("utf-8"))
        except (OSError, ValueError):
            step = "unzip the file again, over this folder, and run check_setup.py again"
            raise Fault("5", "{} is damaged or missing".format(name), step)
    names = {"sklearn"} | sys.stdlib_module_names | set(pins())
    for place in (".", "notebooks"):
        for name in sorted(os.listdir(place)):
            if name.endswith(".py") and name[:-3] in names:
                step = "rename {}, in the folder {}, and run check_setup.py again".format(
                    name, os.path.basename(os.path.abspath(place))
                )
                raise Fault("C", "your file {} hides a module of that name".format(name), step)
    try:
        with open(".check", "w"):
            pass
        os.remove(".check")
    except OSError as error:
        step = "move this folder into your home folder, and run check_setup.py there"
        raise Fault("6", "this folder cannot be written: {}".format(error.strerror), step)
    free = shutil.disk_usage(HERE).free
    return "the folder is complete; {:.0f} GB are free".format(free / 1e9)


def check_packages():
    """Tell how many packages have the releases of requirements.txt."""
    pinned, missing, others = pins(), [], []
    from importlib.metadata import PackageNotFoundError, version

    for name in sorted(pinned):
        releases, only_somewhere = pinned[name]
        try:
            installed = version(name)
        except PackageNotFoundError:
            if not only_somewhere:
                missing.append(name)
            continue
        if installed not in releases:
            others.append("{} {} instead of {}".format(name, installed, " or ".join(releases)))
    if (missing or others) and os.path.exists(OWN) and not in_own():
        wrong = "this is not the Python of the environment .venv, which is in this folder"
        raise Fault("8", wrong, "run {} check_setup.py".format(OWN_SAID))
    if missing:
        wrong = "{} of {} packages are missing, {} for one".format(
            len(missing), len(pinned), "fairlearn" if "fairlearn" in missing else missing[0]
        )
        raise Fault("9", wrong, installing())
    if others:
        raise Fault("B", "other releases: {}".format("; ".join(others[:3])), installing())
    return "{} packages, in the releases of the room".format(len(pinned))


def check_cells():
    """Start a kernel and let it compute a MetricFrame, as a cell does."""
    try:
        from jupyter_client.manager import start_new_kernel

        start = time.time()
        quiet = subprocess.DEVNULL  # it warns on the terminal of what is the same for all notebooks
        manager, client = start_new_kernel(PATIENCE, "python3", cwd=HERE, stderr=quiet)
    except Exception as error:
        raise Fault("D", "the kernel does not start: {}".format(short(error)), elsewhere())
    took = time.time() - start
    try:
        reply = client.execute_interactive(
            PROBE.format(here=HERE),
            store_history=False,
            user_expressions={"told": "told"},
            output_hook=lambda message: None,
            timeout=PATIENCE,
        )["content"]
    except Exception as error:
        raise Fault("D", "the kernel does not answer: {}".format(short(error)), elsewhere())
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    if reply["status"] == "ok":
        told = reply["user_expressions"]["told"]["data"]["text/plain"].strip("'")
        return "a kernel starts ({:.1f} s) and MetricFrame is right ({})".format(took, told)
    wrong = "{}: {}".format(reply["ename"], short(reply["evalue"]))
    if reply["ename"] in ("ImportError", "ModuleNotFoundError"):
        raise Fault("C", "a package cannot be loaded: {}".format(wrong), elsewhere())
    raise Fault("E", "fairlearn does not compute what it should: {}".format(wrong), elsewhere())


# --- The next step ---


def another_python():
    """Return how to run this with a Python that will do: one on the path, or one to be had."""
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        call = ["py", "-3.%d" % minor] if WINDOWS else ["python3.%d" % minor]
        try:
            with open(os.devnull, "w") as nowhere:
                wide = call + ["-c", "import sys; sys.exit(sys.maxsize < 2**32)"]
                if subprocess.call(wide, stdout=nowhere, stderr=nowhere) == 0:
                    return "run {} check_setup.py".format(" ".join(call))
        except (OSError, IOError):
            pass
    return "install {} from https://www.python.org/downloads/ and run this with it".format(GET)


def installing():
    """Return how to install the packages into an environment, if that can be done here."""
    free = shutil.disk_usage(HERE).free
    if free < SPACE:
        wrong = "the packages need {:.0f} GB, and {:.1f} are free".format(SPACE / 1e9, free / 1e9)
        raise Fault("7", wrong, elsewhere())
    if not reachable(os.environ.get("PIP_INDEX_URL") or "https://pypi.org/simple/"):
        return on_paper("the packages cannot be had without a network: ")
    make = "" if in_own() else "{} -m venv .venv{} ".format(running(), ";" if WINDOWS else " &&")
    if make:
        try:
            import ensurepip  # noqa: F401
            import venv  # noqa: F401
        except ImportError:
            step = "install it (Debian, Ubuntu: sudo apt install python3-venv), and run this again"
            raise Fault("A", "Python's module venv is missing", step)
    return "run {}{} -m pip install -r requirements.txt".format(make, OWN_SAID)


def elsewhere():
    """Return the way out where this computer will not do: Colab, else paper."""
    if COLAB and reachable(COLAB):
        return "open the notebooks in Google Colab, with this computer's browser: " + COLAB
    return on_paper("")


def on_paper(because):
    """Return how to follow without running anything."""
    site = "; site/index.html shows every result" if os.path.exists("site/index.html") else ""
    return because + "follow on paper, and on your neighbour's screen" + site


def reachable(address):
    """Tell whether a web address answers, whatever it answers; as pip, through proxies."""
    from urllib.error import HTTPError, URLError
    from urllib.request import urlopen

    try:
        urlopen(address, timeout=5).close()
    except HTTPError:
        return True
    except URLError as error:  # pip brings certificates of its own
        return "CERTIFICATE" in str(error.reason)
    except (OSError, ValueError):
        return False
    return True


# --- What Python this is ---


def kind():
    """Return which kind of Python this is: its place in KINDS."""
    if os.path.exists(os.path.join(sys.prefix, "conda-meta")):
        return 2
    return 1 if sys.prefix != getattr(sys, "base_prefix", sys.prefix) else 0


def in_own():
    """Tell whether this is the Python of the environment in this folder."""
    return os.path.realpath(sys.prefix) == os.path.realpath(os.path.join(HERE, ".venv"))


def running():
    """Return how to call this Python again."""
    if in_own():
        return OWN_SAID
    return '"{}"'.format(sys.executable) if " " in sys.executable else sys.executable


def pins():
    """Read requirements.txt: name -> (releases, whether only some systems need it)."""
    found = {}  # type: dict
    with open(os.path.join(HERE, "requirements.txt")) as stream:
        for line in stream:
            if "==" in line and line[:1] not in "# -":
                name, _, rest = line.partition("==")
                release, _, marker = rest.strip(" \\\n").partition(" ;")
                releases = found.get(name, ((), ""))[0] + (release,)
                found[name] = (releases, bool(marker))
    return found


def short(text):
    """Return the first line, so that it fits one."""
    return (str(text).strip() or type(text).__name__).splitlines()[0][:150]


# --- The code ---


def code(sign):
    """Return what to read out: what is wrong, Python's minor version, system and kind of Python."""
    minor = "X" if sys.version_info[0] < 3 else "0123456789ABCDEF"[min(sys.version_info[1], 15)]
    systems = [start for start, _ in SYSTEMS]
    system = [i for i, start in enumerate(systems) if sys.platform.startswith(start)][0]
    return "FL-{}{}{:X}".format(sign, minor, 4 * system + kind())


def explained(text):
    """Return in words what a code says."""
    signs = re.match("(?:FL-)?([0-9A-F])([0-9A-FX])([0-9A-F])$", text.strip().upper())
    system, which = divmod(int(signs.group(3), 16), 4) if signs else (0, 0)
    if not signs or which >= len(KINDS):
        return "{} is no code of this check: a code looks like FL-9B1.".format(text)
    minor = "2" if signs.group(2) == "X" else "3.{}".format(int(signs.group(2), 16))
    where = "{}, Python {} ({})".format(SYSTEMS[system][1], minor, KINDS[which])
    wrong, look = {sign[0]: sign[1:] for sign in SIGNS}[signs.group(1)]
    return "{}. {}\n{}".format(wrong, look, where)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
