"""What people who run the pipeline need: status, alerts, explanations, backup."""
