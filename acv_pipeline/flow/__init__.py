"""The flow: the rooms in their order, and one turn at the warehouse; knows no Dagster."""
