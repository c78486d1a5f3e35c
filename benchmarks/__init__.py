"""The pipeline beside other ways to do the same work, in one session: ``make bench``.

Ways of one line of the table take turns; times are medians in seconds. Ways that end in rankings
must end in the same ones, or the benchmark fails. Real dbt is the command that ``ACV_DBT`` names.
"""
