"""Monthly figures of supported dwellings, from deliveries to a public indicator."""
