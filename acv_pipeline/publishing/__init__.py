"""What leaves the house: the published copy, the release, the report, data.gouv.fr."""
