"""Where people open the Dagster UI, for links."""

from __future__ import annotations

import os
from urllib.parse import quote, urlencode

import yaml

# as workspace.yaml has it
LOCATION, REPOSITORY = "acv_pipeline", "__repository__"
# the job of all figures
FIGURES = "monthly_figures_job"
# the job whose launchpad is the form, and its step
SIGN_OFF, SIGNATURE = "sign_off", "signature"
# the tag of a run that says who launched it; the UI shows it as such
SIGNED_IN = "user"


def ui_address() -> str:
    """The beginning of every address: ``$ACV_UI_URL``, else that of ``make dev``."""
    own = f"http://127.0.0.1:{os.environ.get('ACV_PORT') or '3000'}"
    return os.environ.get("ACV_UI_URL") or own


def sign_off_form(delivery: str, indicator: str, month: str) -> str:
    """The form of the sign-off job, filled in but for the reason and the name."""
    given = {"delivery": delivery, "indicator": indicator, "month": month, "reason": "", "by": ""}
    config = yaml.safe_dump({"ops": {SIGNATURE: {"config": given}}}, sort_keys=False)
    asked = urlencode({"config": config, "mode": "default"}, quote_via=quote)
    where = f"{REPOSITORY}@{LOCATION}"
    return f"{ui_address()}/locations/{where}/jobs/{SIGN_OFF}/playground/setup?{asked}"
