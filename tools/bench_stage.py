"""Measure the stage: how soon it is back after a fault, and the waiting beside the usual way."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager

import psutil

from workshop.deck.browser import launched
from workshop.paths import ROOT

SECONDS = 180_000  # ms until something that was waited for counts as not coming
BACK = "document.getElementById('stage-sign')?.innerText.includes('{}')"
SLIDES = """require("custom/pictures").sections().map((section, index) => [section, index])
  .filter(([section]) => section.querySelector(".code_cell:not(.celltag_set-up)"))
  .map(([_, index]) => index)"""
SPARE = """async () => (await (await fetch("/api/kernels")).json())
  .filter((kernel) => kernel.execution_state === "idle").length > 1"""
PENDING = "require('custom/cells').shown().filter((c) => !(c.input_prompt_number > 0)).length"


def rescue(edition: str, decks: list[str]) -> list[tuple[str, int, float]]:
    """Kill the kernel on every slide with code; return (deck, slide, seconds until its state)."""
    rows = []
    with opened(edition) as (stage, address), launched() as browser:
        for deck in decks:
            page = browser.new_page(viewport={"width": 1280, "height": 720})
            page.set_default_timeout(SECONDS)
            page.goto(re.sub(r"notebooks/.+\?", f"notebooks/{deck}?", address))
            page.wait_for_function("window.Reveal && Reveal.isReady() && window.RevealChalkboard")
            for index in page.evaluate(SLIDES):
                run_slide(page, index)
                kernel = process(page.evaluate("Jupyter.notebook.kernel.id"))
                start = time.monotonic()
                kernel.kill()
                page.wait_for_function(BACK.format("state is back"))
                rows.append((deck, index + 1, time.monotonic() - start))
                page.evaluate("require('custom/sign').say('done', '')")
                page.wait_for_function(SPARE)  # no kernel dies every ten seconds
            page.close()
        rows.append(("the server killed", 0, server_killed(stage, address, decks[-1], browser)))
    return rows


def server_killed(stage: psutil.Process, address: str, deck: str, browser) -> float:
    """Kill the server on a deck's last slide with code; return the seconds until its state."""
    page = browser.new_page()
    page.set_default_timeout(SECONDS)
    page.goto(re.sub(r"notebooks/.+\?", f"notebooks/{deck}?", address))
    page.wait_for_function("window.Reveal && Reveal.isReady()")
    run_slide(page, page.evaluate(SLIDES)[-1])
    place = page.evaluate("Reveal.getIndices().h")
    start = time.monotonic()
    next(p for p in stage.children() if "jupyter_server" in " ".join(p.cmdline())).kill()
    page.wait_for_function(BACK.format("Jupyter is back"))
    seconds = time.monotonic() - start
    assert page.evaluate("Reveal.getIndices().h") == place
    page.close()
    return seconds


def run_slide(page, index: int) -> None:
    """Show a slide, bring its state and run its cells."""
    page.evaluate("index => Reveal.slide(index)", index)
    page.evaluate("require('custom/rescue').restore()")
    for left in range(page.evaluate(PENDING), 0, -1):
        page.keyboard.press("Shift+Enter")
        page.wait_for_function(
            f"left => {PENDING} < left && !Jupyter.notebook.kernel_busy", arg=left
        )


def process(kernel: str) -> psutil.Process:
    """Return the process of a kernel."""
    return next(
        each
        for each in psutil.process_iter(["cmdline"])
        if any(kernel in part for part in each.info["cmdline"] or [])
    )


@contextmanager
def opened(edition: str):
    """Start a stage as `make present` does; yield its process and address."""
    with tempfile.TemporaryDirectory() as folder:
        call = f"present(edition={edition!r}, open_browser=False, folder=Path({folder!r}))"
        code = f"from pathlib import Path; from workshop.stage.present import present; {call}"
        stage = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE)
        try:
            for line in iter(stage.stdout.readline, b""):
                if line.startswith(b"On stage"):
                    yield psutil.Process(stage.pid), line.decode().split()[-1]
                    break
        finally:
            stage.send_signal(signal.SIGINT)
            stage.wait(timeout=60)


def usual_way() -> list[tuple[str, float, float]]:
    """Time two steps of the demos as they are usually written and as ours; return both seconds.

    The usual way: lbfgs on unscaled dummies within ExponentiatedGradient, and MetricFrame's own
    bootstrap. Ours: newton-cholesky on scaled features, and drawing the groups' counts.
    """
    import numpy as np
    import pandas as pd
    from fairlearn.metrics import MetricFrame, false_negative_rate
    from fairlearn.reductions import ExponentiatedGradient, TruePositiveRateParity
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from workshop.data import FEATURES, load_patients

    stays = load_patients()
    X, y = pd.get_dummies(stays[FEATURES]).astype("float32"), stays["readmitted_30_days"]
    group, half = stays["race"].astype(str), np.arange(len(stays)) % 2 == 0

    def fit(model, **options):
        parity = TruePositiveRateParity(difference_bound=0.02)
        mitigator = ExponentiatedGradient(model, parity, max_iter=5, **options)
        mitigator.fit(X[half], y[half], sensitive_features=group[half])

    ours = make_pipeline(StandardScaler(), LogisticRegression(solver="newton-cholesky"))
    weight = {"sample_weight_name": "logisticregression__sample_weight"}
    predicted = pd.Series(np.random.default_rng(0).integers(0, 2, len(stays)), stays.index)
    columns = {"y_true": y, "y_pred": predicted, "sensitive_features": group}

    def drawn_counts():
        frame = MetricFrame(metrics=false_negative_rate, **columns)
        n = y.groupby(group).sum()
        draws = np.random.default_rng(0).binomial(n, frame.by_group, size=(4000, len(n))) / n.values
        np.quantile(draws, [0.025, 0.975], axis=0)

    def bootstrap():
        options = {"n_boot": 100, "ci_quantiles": [0.025, 0.975], "random_state": 0}
        MetricFrame(metrics=false_negative_rate, **columns, **options)

    return [
        ("ExponentiatedGradient", *map(timed, (
            lambda: fit(LogisticRegression(max_iter=1000)), lambda: fit(ours, **weight)))),
        ("intervals of MetricFrame", timed(bootstrap), timed(drawn_counts)),
    ]  # fmt: skip


def timed(action) -> float:
    """Return the seconds that an action takes; warnings about its convergence do not matter."""
    import warnings

    start = time.monotonic()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        action()
    return time.monotonic() - start
