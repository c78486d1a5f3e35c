"""Publishing a release on data.gouv.fr, or on any portal that runs udata."""
