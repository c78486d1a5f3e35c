"""The database that keeps Dagster's record on a server."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from acv_pipeline.environment.secret import SecretError, secret
from acv_pipeline.language import _

if TYPE_CHECKING:
    from sqlalchemy import URL

# such as postgresql+psycopg2://acv:…@127.0.0.1:5432/dagster; needs the extra "server"
STORAGE_URL = "ACV_STORAGE_URL"
# what that extra brings; which one an address means that names none differs between SQLAlchemys
DRIVER = "psycopg2"


def storage_url() -> URL:
    """Its address, understood; the driver is named, whether the address names one or not.

    Raises:
        SecretError: none is given, it cannot be read, it is no address of a Postgres database, or
            names a driver that is not installed.
    """
    from sqlalchemy import exc, make_url

    try:
        url = make_url(secret(STORAGE_URL))
        # what follows an @ that should have been escaped would be told as the host's name
        is_whole = "@" not in f"{url.host}{url.database}"
        kind, _plus, driver = url.drivername.partition("+")
        is_whole = is_whole and kind in ("postgresql", "postgres")  # libpq knows both
    except (exc.ArgumentError, ValueError):  # its text would quote the address
        is_whole = False
    if not is_whole:
        raise SecretError(
            _(
                "{variable} is no address of a database: write postgresql+psycopg2://user:password"
                "@host:5432/name, with %40 for @, %2F for / and %25 for % in the password",
                variable=STORAGE_URL,
            )
        )
    driver = driver or DRIVER
    if find_spec(driver) is None:
        raise SecretError(
            _(
                "the database driver {driver} of {variable} is not installed: write "
                "postgresql://…, and pip install 'acv_pipeline[server]'",
                driver=driver,
                variable=STORAGE_URL,
            )
        )
    return url.set(drivername=f"postgresql+{driver}")
