"""Which settings are taken, what is said of others, and that the key stays secret."""

from __future__ import annotations

import pytest

from acv_pipeline.publishing.datagouv.settings import PublishError, Settings
from acv_pipeline_tests.datagouv.portal import DATASET, KEY

SET = {"ACV_DATAGOUV": "live", "ACV_DATAGOUV_DATASET": DATASET, "ACV_DATAGOUV_KEY": KEY}


def test_off_unless_asked_for() -> None:
    assert Settings.from_environment({}).mode == "off"
    assert Settings.from_environment(SET | {"ACV_DATAGOUV": " "}).mode == "off"


@pytest.mark.parametrize(
    ("changes", "url"),
    [
        ({}, "https://www.data.gouv.fr"),
        ({"ACV_DATAGOUV": "demo"}, "https://demo.data.gouv.fr"),
        ({"ACV_DATAGOUV": "dry-run", "ACV_DATAGOUV_KEY": ""}, "https://www.data.gouv.fr"),
        ({"ACV_DATAGOUV_URL": "https://data.example.org/"}, "https://data.example.org"),
        ({"ACV_DATAGOUV_URL": "http://127.0.0.1:8080"}, "http://127.0.0.1:8080"),
    ],
)
def test_where_each_mode_leads(changes: dict[str, str], url: str) -> None:
    settings = Settings.from_environment(SET | changes)
    assert (settings.url, settings.dataset) == (url, DATASET)
    assert settings.key == (KEY if "ACV_DATAGOUV_KEY" not in changes else None)
    assert KEY not in repr(settings)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ACV_DATAGOUV": "on"}, "ACV_DATAGOUV=on: it must be one of off, dry-run, demo, live"),
        ({"ACV_DATAGOUV_DATASET": ""}, "ACV_DATAGOUV_DATASET must be the identifier"),
        ({"ACV_DATAGOUV_DATASET": "../users"}, "ACV_DATAGOUV_DATASET must be the identifier"),
        ({"ACV_DATAGOUV_KEY": ""}, "ACV_DATAGOUV_KEY is not set"),
        ({"ACV_DATAGOUV_KEY": f"{KEY}\nX: y"}, "ACV_DATAGOUV_KEY holds characters"),
        ({"ACV_DATAGOUV_URL": "http://www.data.gouv.fr"}, "ACV_DATAGOUV_URL must be an address"),
        ({"ACV_DATAGOUV_URL": "https://www.data.gouv.fr/api/1"}, "ACV_DATAGOUV_URL must be"),
        ({"ACV_DATAGOUV_URL": "https://me@www.data.gouv.fr"}, "ACV_DATAGOUV_URL must be"),
    ],
)
def test_what_is_wrong_is_said_without_the_key(changes: dict[str, str], said: str) -> None:
    with pytest.raises(PublishError) as raised:
        Settings.from_environment(SET | changes)
    assert str(raised.value).startswith(said) and KEY not in str(raised.value)
