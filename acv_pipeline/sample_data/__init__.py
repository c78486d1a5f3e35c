"""Synthetic deliveries of the project's own making, to try and test the pipeline with."""

from acv_pipeline.sample_data.generator import (
    SampleDataError,
    SampleFile,
    SampleManifest,
    bad_delivery,
    corrected_delivery,
    generate,
)

__all__ = [
    "SampleDataError",
    "SampleFile",
    "SampleManifest",
    "bad_delivery",
    "corrected_delivery",
    "generate",
]
