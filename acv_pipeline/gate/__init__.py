"""The gate: judges one month of one delivery, before anyone sees it."""
