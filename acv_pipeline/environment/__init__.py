"""What the surroundings tell every process: passwords, and how its log is written."""

from acv_pipeline.environment.secret import SecretError, secret

__all__ = ["SecretError", "secret"]
