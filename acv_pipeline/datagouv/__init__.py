"""Publishing a release on data.gouv.fr, or on any portal that runs udata.

Here: settings, the portal's API, and what to send. Not here: what is in a release (``release``).
Nothing is imported before it is asked for: definitions read a setting's name, and only a step that
sends needs requests.
"""
