"""Publishing a release on data.gouv.fr, or on any portal that runs udata.

Here: settings, the portal's API, and what to send. Not here: what is in a release (``release``).
"""

from acv_pipeline.datagouv.publish import FileReport, Outcome, publish
from acv_pipeline.datagouv.settings import PublishError, Settings

__all__ = ["FileReport", "Outcome", "PublishError", "Settings", "publish"]
