"""What a library says is passed on without secrets, and otherwise as it was said."""

from __future__ import annotations

import pytest

from acv_pipeline.landing.address import without_secrets


@pytest.mark.parametrize(
    ("url", "said", "passed_on"),
    [
        ("sftp://a:pw@host/anah", "no such file: /anah/a.csv", "no such file: /anah/a.csv"),
        ("sftp://a:pw@host/anah", "at sftp://a:pw@host/anah", "at sftp://…:…@host/anah"),
        ("sftp://anah@host/in", "anah@host: /in/anah is away", "…@host: /in/anah is away"),
        ("sftp://me:h%2B2@host/in", "me: not h+2 (h%2B2)", "…: not … (…)"),
        ("sftp://me:h/X2@host/in", "no number: h, then X2", "no number: …, t…en …"),
        ("https://host/in?token=s3cret&v=2", "GET /in?token=s3cret", "GET /in?token=…"),
        ("s3://bucket/in", "no bucket", "no bucket"),
    ],
)
def test_users_passwords_and_queries_are_hidden_and_nothing_else(
    url: str, said: str, passed_on: str
) -> None:
    assert without_secrets(said, url) == passed_on
